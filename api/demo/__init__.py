"""The demo city: small, believable, and marked as invented everywhere."""
