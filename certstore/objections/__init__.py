"""Objections (异议): a holder says what is wrong on a licence, and its issuing authority answers in time."""
