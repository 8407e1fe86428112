"""SQL stores of the identity provider; chosen in `api/wiring` only."""
