"""Limits guessing of user codes without locking anybody out (RFC 8628 §5.1; attacks F-08, O-42, O-53, O-54).

Only a person who has logged in may try a code. Every try counts, right or wrong, before the code is looked up: per
person, per source and in all, each by one atomic increment. So neither a parallel burst nor a right code of one's own
in between gains anything. When a source or the total is used up, everybody still has the first try of their window: an
attacker cannot close the page for others.

The figure: 40 tries an hour for each real-named account that an attacker controls; from one source 60, in all 1,000,
and beyond those four an hour for each account. With 10,000 codes waiting at once, one try hits one of them with a
chance of 4 in ten million, 1,000 tries with 1 in 2,500. A hit gives no access to anything of the code's owner: it could
end in the attacker's own name on somebody's screen.
"""

from __future__ import annotations

import hashlib

from core.errors import LimitExceeded
from core.kv.port import KeyValueStore
from core.text import Text
from idp.abuse.attempt import Way
from idp.security_events.model import SecurityEventKind
from idp.security_events.ports import SecurityEvents
from idp.settings import IdpSettings
from idp.source import source_of


class CodeGuessing:
    """Admits or refuses tries."""

    def __init__(self, kv: KeyValueStore, events: SecurityEvents, settings: IdpSettings) -> None:
        self._kv = kv
        self._events = events
        self._settings = settings

    async def admit(self, account_id: str, source: str) -> None:
        """Count a try.

        Args:
            source: network address of the browser.

        Raises:
            LimitExceeded: `too-many-codes`.
        """
        settings = self._settings
        own = await self._kv.incr(_own(account_id), settings.code_try_window)
        if own > settings.code_tries_per_person:
            self._refused(account_id, source)
            raise _too_many(settings.code_try_window)
        place = await self._kv.incr(_place(source), settings.code_try_window_wide)
        total = await self._kv.incr(_TOTAL, settings.code_try_window_wide)
        if own > 1 and (place > settings.code_tries_per_source or total > settings.code_tries_in_all):
            self._refused(account_id, source)
            raise _too_many(settings.code_try_window)

    def _refused(self, account_id: str, source: str) -> None:
        self._events.note(
            SecurityEventKind.CODE_GUESSING, account_id=account_id, source=source, detail={"way": Way.DEVICE.value}
        )


_TOTAL = "idp:code-try:all"


def _own(account_id: str) -> str:
    return f"idp:code-try:person:{account_id}"


def _place(source: str) -> str:
    return f"idp:code-try:source:{hashlib.sha256(source_of(source).encode()).hexdigest()[:32]}"


def _too_many(window: int) -> LimitExceeded:
    return LimitExceeded(
        "too-many-codes",
        Text(
            "输错的代码太多了，暂时不能再输。请 {minutes} 分钟后，照着设备上的新代码再输。",
            "Too many wrong codes. Try again in {minutes} minutes with a fresh code from the device.",
        ).format(minutes=window // 60),
        retry_after=window,
    )
