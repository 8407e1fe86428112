"""What may be a password, and in which form it is compared."""
