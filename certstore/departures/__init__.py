"""What becomes of the licences of people who have died: what they allowed ends, and their issuers are told."""
