"""Reads tables out of files that cannot be trusted: CSV, JSON Lines, XLSX."""
