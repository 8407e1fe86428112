"""Pairwise names (OpenID Connect Core §8, §8.1): what one portal sees, no other portal can match.

Only clients that registered `public` share a subject. The subject belongs to a sector, the `sid` to one client: a
session id common to all portals would undo the pairwise subject.
"""

from __future__ import annotations

from idp.model import Client
from idp.tokens.derived import DerivedMac
from keys.ports import SecretProvider


class PairwiseNames:
    """Derives names under a secret that never changes; whoever has it can link all portals' subjects."""

    def __init__(self, provider: SecretProvider) -> None:
        self._subjects = DerivedMac(provider, "subject")
        self._sessions = DerivedMac(provider, "session")

    def of(self, client: Client, account_id: str) -> str:
        """The `sub` of a person at a client, of the type that the client registered."""
        return self.subject(client.subject_sector, account_id)

    def subject(self, sector: str, account_id: str) -> str:
        """The `sub` of a person for a sector: 43 characters, base64url."""
        return self._subjects.over(sector, account_id)

    def sid(self, session_id: str, client_id: str) -> str:
        """The `sid` of a session for one client (OIDC Back-Channel Logout §2.1)."""
        return self._sessions.over(client_id, session_id)
