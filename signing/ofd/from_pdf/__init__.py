"""Makes OFD packages of PDFs so that what is seen and what is read stay the same; what cannot is refused by name."""
