"""Refresh tokens: family id, number and a MAC, so that one row per family is all that is stored.

Every token that was ever handed out can be told from a made-up one, however old it is; only the generation in
the family's row decides whether it is the good one (RFC 6749 §6, §10.4; RFC 9700 §4.14.2).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from idp.token_uses import REFRESH
from idp.tokens.derived import DerivedMac
from keys.ports import SecretProvider, TokenDigests

_TOKEN = re.compile(r"(fam_[0-9a-z]{26}\.[0-9]{1,9})\.([A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{43})", re.ASCII)
_FORMER = re.compile(r"(fam_[0-9a-z]{26})\.([0-9]{1,9})\.([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a genuine refresh token says."""

    family_id: str
    generation: int


class RefreshTokens:
    """Makes and recognises refresh tokens.

    The MAC names its key, which may be rotated: what was handed out before is good until that key is retired. Tokens
    of an earlier release have a MAC under the secret of the pairwise names; at their next use they are replaced.
    """

    def __init__(self, digests: TokenDigests, provider: SecretProvider) -> None:
        self._digests = digests
        self._former = DerivedMac(provider, "refresh")

    def make(self, family_id: str, generation: int) -> str:
        """The token of this generation; the same every time it is asked for, until the key is rotated."""
        name = f"{family_id}.{generation}"
        return f"{name}.{self._digests.digest(REFRESH, name)}"

    def read(self, token: str) -> RefreshToken | None:
        """None when it is not one of ours."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            return self._read_former(token)
        if not self._digests.matches(REFRESH, match[1], match[2]):
            return None
        family_id, _, generation = match[1].partition(".")
        return RefreshToken(family_id, int(generation))

    def _read_former(self, token: str) -> RefreshToken | None:
        match = _FORMER.fullmatch(token)
        if match is None or not hmac.compare_digest(self._former.over(match[1], match[2]), match[3]):
            return None
        return RefreshToken(match[1], int(match[2]))
