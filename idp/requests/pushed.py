"""Pushed authorization requests in short-lived state (RFC 9126 §2.2, §4).

A pushed request may be opened again until the person has finished, so that a page may be reloaded; then never again.
Who finishes is decided by one operation in the store: of several tabs that show the same request one gets an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from core.clock import Clock
from core.ids import new_secret
from core.kv.port import KeyValueStore
from idp.errors import InteractionGone, InvalidRequestUri
from idp.protocol.params import Parameters
from idp.settings import IdpSettings
from idp.token_uses import PUSHED
from keys.ports import TokenDigests

PREFIX = "urn:ietf:params:oauth:request_uri:"  # RFC 9126 §2.2
_NOT_GOOD = "the request_uri is unknown, has expired, was used up, or belongs to another client"


@dataclass(frozen=True, slots=True)
class PushedRequest:
    """What is stored.

    Attributes:
        signed: it was pushed as a request object.
        dpop_jkt: the key that was proved or named (RFC 9449 §10.1).
        expires_at: seconds since 1970.
    """

    client_id: str
    parameters: Mapping[str, str] = field(repr=False)
    resources: tuple[str, ...]
    signed: bool
    dpop_jkt: str | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class PushedReference:
    """How a request that came from a pushed one remembers it; `until` is when it may last be finished."""

    digest: str = field(repr=False)
    until: float


class PushedRequests:
    """Keeps them under the digest of their random name."""

    def __init__(self, kv: KeyValueStore, digests: TokenDigests, clock: Clock, settings: IdpSettings) -> None:
        self._kv = kv
        self._digests = digests
        self._clock = clock
        self._lifetime = settings.pushed_lifetime
        self._to_finish = settings.interaction_lifetime

    async def keep(
        self, client_id: str, parameters: Parameters, *, signed: bool, dpop_jkt: str | None
    ) -> tuple[str, int]:
        """Store a request that passed its checks; answers its `request_uri` and the seconds for which it is good."""
        name = new_secret()
        expires_at = self._clock.now().timestamp() + self._lifetime
        pushed = PushedRequest(client_id, dict(parameters), parameters.resources, signed, dpop_jkt, expires_at)
        await self._kv.put(_key(self._digests.digest(PUSHED, name)), msgspec.json.encode(pushed), self._lifetime)
        return f"{PREFIX}{name}", self._lifetime

    async def find(self, request_uri: str, client_id: str) -> tuple[PushedRequest, PushedReference]:
        """
        Raises:
            InvalidRequestUri: RFC 9126 §4, §7.3: unknown, expired, finished, or of another client.
        """
        for digest in self._digests.digests(PUSHED, request_uri.removeprefix(PREFIX)):
            stored = await self._kv.get(_key(digest))
            if stored is not None:
                pushed = msgspec.json.decode(stored, type=PushedRequest)
                break
        else:
            raise InvalidRequestUri(_NOT_GOOD, private="unknown, expired or finished")
        if pushed.client_id != client_id:  # RFC 9126 §4: bound to the client
            raise InvalidRequestUri(_NOT_GOOD, private="another client")
        if pushed.expires_at <= self._clock.now().timestamp():  # should the store keep it too long
            raise InvalidRequestUri(_NOT_GOOD, private="expired")
        return pushed, PushedReference(digest, pushed.expires_at + self._to_finish)

    async def finish(self, reference: PushedReference) -> None:
        """Use the request up; its answer may be given after this.

        Raises:
            InteractionGone: it was finished before, or too much time has gone by.
        """
        left = reference.until - self._clock.now().timestamp()
        # the mark outlives the request and everything that was begun from it
        if left <= 0 or not await self._kv.put_if_absent(_finished(reference.digest), b"1", left + 1):
            raise InteractionGone(private="the pushed request was finished before")
        await self._kv.delete(_key(reference.digest))


def _key(digest: str) -> str:
    return f"idp:pushed:{digest}"


def _finished(digest: str) -> str:
    return f"idp:pushed-finished:{digest}"
