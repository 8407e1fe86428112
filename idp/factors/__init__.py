"""What people log in with besides a password, and how they add and remove it."""
