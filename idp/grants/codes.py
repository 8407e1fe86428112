"""Authorization codes in short-lived state: bound to all that was checked, spent by `take` (RFC 6749 §4.1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from core.kv.port import KeyValueStore


@dataclass(frozen=True, slots=True)
class CodeGrant:
    """What a code stands for.

    Attributes:
        code_challenge: None only for clients that were registered to do without it.
        dpop_jkt: the key that must be proved when the code is redeemed (RFC 9449 §10).
    """

    family_id: str
    client_id: str
    redirect_uri: str
    code_challenge: str | None
    nonce: str | None
    id_token_claims: tuple[str, ...]
    expires_at: float  # seconds since 1970
    dpop_jkt: str | None = None


class AuthorizationCodes:
    """Keeps codes under their digest, so a look into the store gives no code away."""

    def __init__(self, kv: KeyValueStore) -> None:
        self._kv = kv

    async def put(self, code_digest: str, grant: CodeGrant, lifetime: int) -> None:
        await self._kv.put(f"idp:code:{code_digest}", msgspec.json.encode(grant), lifetime)

    async def take(self, code_digests: Sequence[str]) -> CodeGrant | None:
        """The grant that lies under one of the digests that the code may have, for exactly one caller."""
        for digest in code_digests:
            stored = await self._kv.take(f"idp:code:{digest}")
            if stored is not None:
                return msgspec.json.decode(stored, type=CodeGrant)
        return None
