"""What is handed out: pairwise names, access, ID, refresh and logout tokens."""
