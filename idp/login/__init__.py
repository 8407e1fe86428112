"""Logging in: sessions, passwords, throttling, interactions, consent."""
