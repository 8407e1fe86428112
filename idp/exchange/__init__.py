"""Token exchange (RFC 8693): who may hand which token on, to whom, and in whose name."""
