"""The public keys of clients: registered inline (`jwks`) or fetched from their address (`jwks_uri`).

OpenID Connect Core §10.1, Registration 1.0 §2; RFC 7591 §2. What is fetched is kept within bounds: one fetch for a
client at a time, none again before its time, failures remembered too, and an address that is down does no harm for a
while. Nothing that a token says decides what is fetched; only the registered address does (attacks O-19, O-31).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.clock import Clock
from core.egress.errors import EgressError
from core.egress.port import Fetcher
from idp.model import Client
from keys.errors import KeyRefused
from keys.jose.jwk_set import JwkSet, read_jwk_set

_ACCEPT = {"Accept": "application/jwk-set+json, application/json"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeyLifetimes:
    """How long fetched keys are believed, in seconds.

    Attributes:
        fresh: they are used without a look.
        stale: beyond `fresh`, while the address does not answer.
        again: between two looks for a key that was not there.
        failed: between two looks at an address that did not answer.
        remembered: for how many clients keys are kept; the longest unused give way.
    """

    fresh: int = 300
    stale: int = 3600
    again: int = 10
    failed: int = 30
    remembered: int = 1_000


@dataclass(slots=True)
class _Fetched:
    """What is known of one address."""

    uri: str
    keys: JwkSet | None = None
    fetched_at: dt.datetime | None = None
    tried_at: dt.datetime | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


_NONE = JwkSet((), ("the client has no keys",))
_AWAY = JwkSet((), ("the address of the client's keys does not answer as it should",))


class ClientKeys:
    """Finds the keys of a client. Never raises for what a client registered: it then has no keys, and `left_out` of the
    set says why."""

    def __init__(self, fetcher: Fetcher, clock: Clock, lifetimes: KeyLifetimes | None = None) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._lifetimes = lifetimes or KeyLifetimes()
        self._inline: OrderedDict[str, tuple[Mapping[str, Any], JwkSet]] = OrderedDict()
        self._fetched: OrderedDict[str, _Fetched] = OrderedDict()

    async def of(self, client: Client) -> JwkSet:
        """The client's keys, as they are known; fetched where they are not, or not freshly enough."""
        metadata = client.metadata
        if metadata.jwks is not None:
            return self._parsed(client.id, metadata.jwks)
        if metadata.jwks_uri is None:
            return _NONE
        known = self._known(client.id, metadata.jwks_uri)
        if not self._is_fresh(known):
            await self._look(known, at_most_every=self._lifetimes.failed)
        return self._usable(known)

    async def fresh(self, client: Client) -> JwkSet:
        """The client's keys, looked at again because a key is missing; at most once in some seconds."""
        if client.metadata.jwks is not None or client.metadata.jwks_uri is None:
            return await self.of(client)
        known = self._known(client.id, client.metadata.jwks_uri)
        await self._look(known, at_most_every=self._lifetimes.again)
        return self._usable(known)

    def _parsed(self, client_id: str, jwks: Mapping[str, Any]) -> JwkSet:
        known = self._inline.get(client_id)
        if known is not None and (known[0] is jwks or known[0] == jwks):
            self._inline.move_to_end(client_id)
            return known[1]
        try:
            keys = read_jwk_set(jwks)
        except KeyRefused as refused:  # the rules were looser when it was registered
            keys = JwkSet((), (refused.private,))
        self._inline[client_id] = (jwks, keys)
        while len(self._inline) > self._lifetimes.remembered:
            self._inline.popitem(last=False)
        return keys

    def _known(self, client_id: str, uri: str) -> _Fetched:
        known = self._fetched.get(client_id)
        if known is None or known.uri != uri:  # of another address nothing is believed
            known = self._fetched[client_id] = _Fetched(uri)
        self._fetched.move_to_end(client_id)
        while len(self._fetched) > self._lifetimes.remembered:
            self._fetched.popitem(last=False)
        return known

    def _is_fresh(self, known: _Fetched) -> bool:
        return known.fetched_at is not None and self._age(known.fetched_at) < self._lifetimes.fresh

    def _usable(self, known: _Fetched) -> JwkSet:
        believed = self._lifetimes.fresh + self._lifetimes.stale
        if known.keys is None or known.fetched_at is None or self._age(known.fetched_at) >= believed:
            return _AWAY
        return known.keys

    def _age(self, moment: dt.datetime) -> float:
        return (self._clock.now() - moment).total_seconds()

    async def _look(self, known: _Fetched, *, at_most_every: float) -> None:
        """Fetch, unless somebody has tried just now; who comes meanwhile waits for the same answer."""
        asked_at = self._clock.now()
        async with known.turn:
            if known.tried_at is not None and (known.tried_at >= asked_at or self._age(known.tried_at) < at_most_every):
                return
            keys = await self._fetch(known.uri)
            known.tried_at = self._clock.now()  # only now: whoever is cancelled has not tried
            if keys is not None:
                known.keys, known.fetched_at = keys, known.tried_at

    async def _fetch(self, uri: str) -> JwkSet | None:
        try:
            answer = await self._fetcher.fetch(uri, headers=_ACCEPT)
            if answer.status != 200:
                raise KeyRefused(f"status {answer.status}")
            return read_jwk_set(answer.body)
        except (EgressError, KeyRefused) as error:
            _log.warning("the keys of a client could not be fetched: %s", error.private)
            return None
