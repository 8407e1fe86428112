"""Backup and restore of everything: databases, key store, documents."""
