"""Registered clients: registration, look-up, authentication."""
