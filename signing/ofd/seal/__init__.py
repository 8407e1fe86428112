"""Adds seals to packages (GB/T 33190-2016 §18, GB/T 38540-2020)."""
