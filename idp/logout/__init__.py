"""Ending sessions and telling the portals (OpenID Connect Back-Channel Logout 1.0)."""
