"""What happens against accounts, for those who watch over the service."""
