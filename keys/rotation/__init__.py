"""Keys that change on time: policies, what is due by them, and the worker that does it."""
