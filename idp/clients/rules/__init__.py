"""What may be registered together: one rule a function, each with its section."""
