"""Security profiles: what a client's one setting `profile` demands of it and of us; pure rules that endpoints ask."""
