"""A stand-in for the national registers of people and of legal persons: demo city and tests only."""
