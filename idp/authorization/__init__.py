"""The authorization endpoint: what is still needed of the person, what is issued, how it is answered."""
