"""Reminders: holders hear 90, 30 and 7 days before a licence of theirs runs out, each once."""
