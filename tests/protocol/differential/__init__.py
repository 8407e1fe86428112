"""Requests that go to two providers, by endpoint, and the differences that have a reason."""
