"""Log-ins that are under way at a provider: one-time, short-lived, bound to the browser that began them.

OpenID Connect Core §3.1.2.1 (`state`, `nonce`), RFC 9700 §2.1, §4.7; attacks O-50, O-51.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from core.ids import new_secret
from core.kv.port import KeyValueStore
from idp.settings import IdpSettings
from idp.token_uses import UPSTREAM_BROWSER, UPSTREAM_STATE
from idp.upstream.errors import AttemptGone
from keys.ports import FieldCipher, TokenDigests

Purpose = Literal["log-in", "link"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is remembered between sending somebody off and their coming back.

    Attributes:
        interaction_id: the portal's request that the log-in is for; None for our own pages.
        after: our own page to go to afterwards.
        account_id, session_id: who links, in which session; None for a log-in.
        max_age: seconds ago that the person may have authenticated at the provider.
        again: they must authenticate now, whatever session they have there.
        begun_at: seconds since 1970.
    """

    provider_id: str
    purpose: Purpose
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    max_age: int
    begun_at: float
    again: bool = False
    interaction_id: str | None = field(default=None, repr=False)
    after: str | None = None
    account_id: str | None = None
    session_id: str | None = None
    browser: str = field(default="", repr=False)


class Attempts:
    """Keeps attempts, sealed: what is at rest helps nobody."""

    def __init__(self, kv: KeyValueStore, digests: TokenDigests, fields: FieldCipher, settings: IdpSettings) -> None:
        self._kv = kv
        self._digests = digests
        self._fields = fields
        self._settings = settings

    async def keep(self, attempt: Attempt) -> tuple[str, str]:
        """Store a new one; answers the `state`, and the value for the browser's cookie."""
        state, browser = new_secret(24), new_secret(24)
        bound = dataclasses.replace(attempt, browser=self._digests.digest(UPSTREAM_BROWSER, browser))
        key = _key(self._digests.digest(UPSTREAM_STATE, state))
        sealed = self._fields.encrypt(msgspec.json.encode(bound).decode(), context=key)
        await self._kv.put(key, sealed, self._settings.interaction_lifetime)
        return state, browser

    async def take(self, state: str, browser: str | None, *, provider_id: str) -> Attempt:
        """The attempt, for the one request of this browser that comes first.

        Raises:
            AttemptGone: unknown, expired, finished, another provider's, or begun in another browser. One that waits
                for its own browser is left alone.
        """
        for digest in self._digests.digests(UPSTREAM_STATE, state):
            sealed = await self._kv.get(_key(digest))
            if sealed is not None:
                return await self._taken(_key(digest), sealed, browser, provider_id)
        raise AttemptGone(private="no such state")

    async def _taken(self, key: str, sealed: bytes, browser: str | None, provider_id: str) -> Attempt:
        attempt = msgspec.json.decode(self._fields.decrypt(sealed, context=key), type=Attempt)
        if browser is None or not self._digests.matches(UPSTREAM_BROWSER, browser, attempt.browser):
            raise AttemptGone(private="another browser")
        if attempt.provider_id != provider_id:  # one redirect URI for each provider (RFC 9700 §4.4.2)
            raise AttemptGone(private="another provider")
        if await self._kv.take(key) is None:
            raise AttemptGone(private="finished by another request")
        return attempt


def _key(digest: str) -> str:
    return f"idp:upstream:{digest}"
