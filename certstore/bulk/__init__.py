"""Legacy registers into the repository, and out of it again: by the million rows, resumable, with a report."""
