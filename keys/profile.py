"""Which cryptography a deployment uses: the international one, the national one (国密), or both side by side."""

from __future__ import annotations

from enum import StrEnum

from keys.secrets.purposes import FIELD_PURPOSES, INDEX_PURPOSES
from keys.spec import SecretKind

_STORED = frozenset({*FIELD_PURPOSES, *INDEX_PURPOSES})


class Profile(StrEnum):
    """What a deployment asks for."""

    INTERNATIONAL = "international"
    NATIONAL = "national"
    BOTH = "both"

    @property
    def national(self) -> bool:
        """Whether the national algorithms are there for those who ask for them."""
        return self is not Profile.INTERNATIONAL

    def secret_kind(self, purpose: str) -> SecretKind:
        """The kind of a new secret of this purpose: what is stored is under one cipher, the national one if asked."""
        return SecretKind.NATIONAL if self.national and purpose in _STORED else SecretKind.USUAL
