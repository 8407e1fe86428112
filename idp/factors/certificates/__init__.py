"""Log-in with an X.509 certificate of any authority on our trust lists (RFC 5280; GM/T 0015)."""
