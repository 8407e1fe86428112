"""Pages for people: handlers translate between HTTP and use cases, and nothing else."""
