"""Online answers about certificates: the Online Certificate Status Protocol (RFC 6960, RFC 5019, RFC 8954)."""
