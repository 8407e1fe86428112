"""Recovery codes: ten secrets on paper for the day on which the phone is gone (NIST SP 800-63B-4 §3.1.2)."""
