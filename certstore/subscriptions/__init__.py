"""Tells other systems what changes: a feed to read on from a cursor, and signed messages to those who subscribe."""
