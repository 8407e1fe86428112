"""A copy of everything that is kept about a person, for themselves to take away (PIPL Art. 45)."""
