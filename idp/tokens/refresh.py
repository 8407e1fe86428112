"""Refresh tokens: family id, generation and a MAC, so that one row per family is all that is stored.

Every token that was ever handed out can be told from a made-up one, however old it is; only the generation in
the family's row decides whether it is the good one (RFC 6749 §6, §10.4; RFC 9700 §4.14.2).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from idp.tokens.derived import DerivedMac
from keys.ports import SecretProvider

_TOKEN = re.compile(r"(fam_[0-9a-z]{26})\.([0-9]{1,9})\.([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a genuine refresh token says."""

    family_id: str
    generation: int


class RefreshTokens:
    """Makes and recognises refresh tokens."""

    def __init__(self, provider: SecretProvider) -> None:
        self._mac = DerivedMac(provider, "refresh")

    def make(self, family_id: str, generation: int) -> str:
        """The one token of this generation; the same every time it is asked for."""
        return f"{family_id}.{generation}.{self._mac.over(family_id, str(generation))}"

    def read(self, token: str) -> RefreshToken | None:
        """None when it is not one of ours."""
        match = _TOKEN.fullmatch(token)
        if match is None or not hmac.compare_digest(self._mac.over(match[1], match[2]), match[3]):
            return None
        return RefreshToken(match[1], int(match[2]))
