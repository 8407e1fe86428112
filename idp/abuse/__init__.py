"""Bounds guessing on every way in, and never locks the person out who is guessed at."""
