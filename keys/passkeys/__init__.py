"""Passkeys: what an authenticator answered is read, and judged as relying parties must (W3C WebAuthn L3 §7)."""
