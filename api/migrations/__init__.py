"""One Alembic history for all domain tables."""

HEAD = "0003"  # the newest revision; a test holds it against the folder
