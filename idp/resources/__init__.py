"""Protected resources: the departments' services for which access tokens are issued here (RFC 8707)."""
