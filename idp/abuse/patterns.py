"""Sees attacks that stay below every single account's budget: stuffing and spraying (attacks O-53).

Stuffing: one source fails at many accounts. Spraying: one password fails at many accounts, from wherever. What is
counted are different subjects, so somebody who mistypes their own password ten times is no pattern. A source or a
password under suspicion loses its free tries for an hour; browsers that are known to an account are not concerned.

Of a wrong password 28 bits of a keyed digest are kept, for an hour: enough to count by, and too few to find it by.
"""

from __future__ import annotations

from core.kv.port import KeyValueStore
from idp.abuse.attempt import Attempt
from idp.security_events.model import SecurityEventKind
from idp.security_events.ports import SecurityEvents
from idp.settings import IdpSettings
from idp.source import hashed, source_of
from idp.token_uses import TRIED_SECRET
from keys.ports import TokenDigests

_WINDOW = 3600
_DIGITS = 7  # of a hexadecimal digest


class Patterns:
    """Counts and remembers."""

    def __init__(self, kv: KeyValueStore, digests: TokenDigests, events: SecurityEvents, settings: IdpSettings) -> None:
        self._kv = kv
        self._digests = digests
        self._events = events
        self._settings = settings

    async def failed(self, attempt: Attempt) -> None:
        """Count a wrong try, and tell those who watch when a pattern shows."""
        place, subject = source_of(attempt.source), hashed(attempt.subject)
        many = await self._different("source", place, subject)
        if many == self._settings.stuffing_from:
            self._events.note(
                SecurityEventKind.STUFFING_SUSPECTED, source=attempt.source, detail={"way": attempt.way.value}
            )
        if not attempt.secret:
            return
        many = await self._different("secret", self._short(attempt.secret), subject)
        if many == self._settings.spraying_from:
            self._events.note(SecurityEventKind.SPRAYING_SUSPECTED, detail={"way": attempt.way.value})

    async def suspects(self, attempt: Attempt) -> bool:
        """Whether the source, or the password, has failed at many within the hour; the same question for all."""
        if await self._many("source", source_of(attempt.source)) >= self._settings.stuffing_from:
            return True
        secret = attempt.secret
        return bool(secret) and await self._many("secret", self._short(secret)) >= self._settings.spraying_from

    async def _different(self, kind: str, name: str, subject: str) -> int:
        """How many different subjects there were with this one; 0 when it was among them already."""
        if not await self._kv.put_if_absent(f"idp:pattern:{kind}:{name}:{subject}", b"", _WINDOW):
            return 0
        return await self._kv.incr(f"idp:pattern:{kind}:{name}", _WINDOW)

    async def _many(self, kind: str, name: str) -> int:
        return int(await self._kv.get(f"idp:pattern:{kind}:{name}") or b"0")

    def _short(self, secret: str) -> str:
        return hashed(self._digests.digest(TRIED_SECRET, secret).encode())[:_DIGITS]
