"""Sealed archives: what a backup is written into, so that a copy of it is worthless without a key."""
