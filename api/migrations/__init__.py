"""One Alembic history for all domain tables."""

HEAD = "0001"  # the newest revision; a test holds it against the folder
