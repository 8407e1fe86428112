"""What a person can look back on: every log-in to their account, and every try that was refused."""
