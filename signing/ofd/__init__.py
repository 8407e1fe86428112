"""Open Fixed-layout Documents (GB/T 33190-2016): packages of strangers read strictly, their signatures judged."""
