"""Keyed names of what providers call people and sessions: their `sub` may be a phone or ID number, so none is stored.

The key never changes, so a name stays findable; it is that of the pairwise names (`idp.tokens.pairwise`).
"""

from __future__ import annotations

from idp.tokens.derived import DerivedMac
from keys.ports import SecretProvider


class UpstreamNames:
    """Names of subjects and sessions, each under its provider."""

    def __init__(self, provider: SecretProvider) -> None:
        self._subjects = DerivedMac(provider, "upstream-subject")
        self._sessions = DerivedMac(provider, "upstream-session")

    def subject(self, provider_id: str, sub: str) -> str:
        """43 characters, base64url."""
        return self._subjects.over(provider_id, sub)

    def sid(self, provider_id: str, sid: str) -> str:
        """43 characters, base64url."""
        return self._sessions.over(provider_id, sid)
