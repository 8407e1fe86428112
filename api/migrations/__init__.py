"""One Alembic history for all domain tables."""

HEAD = "0051"  # the newest revision; a test holds it against the folder

RESTORING = "restoring"
RESTORING_WITH_KEYS = "restoring-with-keys"  # the key store is being restored too, and may be begun again
RESTORED = "restored-"
"""What stands in place of the revision while a database is being restored, and (with the revision behind it) until an
operator has acknowledged what may be missing: no version of the program knows such a revision, so none serves it."""
