"""What runs out when: every key, certificate and list with an end, and what has to be done before it."""
