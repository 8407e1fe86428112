"""How people change their password, and set it anew when they forgot it."""
