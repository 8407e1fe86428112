"""Departments, the staff who work in them, and the roles that two people give."""
