"""Authorization requests: where they come from, of what they are made, and the ordered checks."""
