"""Passkeys: made, used for logging in, looked after (W3C WebAuthn Level 3)."""
