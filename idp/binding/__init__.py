"""Tokens that are bound to a key of their sender (RFC 9449, RFC 8705)."""
