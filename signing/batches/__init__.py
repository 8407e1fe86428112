"""Thousands of files that one decision has sealed: gathered, started, worked through, handed out."""
