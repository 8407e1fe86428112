"""Asks time-stamping authorities, in order of preference, until one gives a token that counts (RFC 3161 §2.2).

A token counts when it covers the content, answers this request, is signed by an authority that is accepted, and tells
a time close to ours. Whatever else comes back is a failure of that authority; after a few in a row it is left alone
for a while, so an authority that is down costs no time once that is known.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from core.breaker import CircuitBreaker, CircuitOpen, CircuitState
from core.clock import Clock
from core.errors import AppError
from keys.tsa.errors import Fault, TimestampRefused, TimestampUnavailable
from keys.tsa.imprint import DIGESTS, Content, imprint_of
from keys.tsa.ports import TimestampSource, TimestampTrust
from keys.tsa.request import write_request
from keys.tsa.response import read_response
from keys.tsa.token import TimestampToken, read_token
from keys.tsa.verify import TOLERANCE, ProvenTime, verify_token

_NONCE_BITS = 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TimestampService:
    """An authority that may be asked.

    Attributes:
        name: for logs and people; an address without credentials, or `local`.
        trust: whose certificates are accepted from it.
        digest: `hashlib` name of the digest that goes out.
        policy: dotted object identifier to ask for; None for the authority's own choice.
        timeout: seconds for the answer and its check together.
    """

    name: str
    source: TimestampSource
    trust: TimestampTrust
    digest: str = "sha256"
    policy: str | None = None
    timeout: float = 3.0

    def __post_init__(self) -> None:
        if self.digest not in DIGESTS:
            raise ValueError(f"a time-stamp speaks of one of {sorted(DIGESTS)}, not of {self.digest}")


@dataclass(frozen=True, slots=True)
class Stamped:
    """A token that counts, what it proves, and who gave it."""

    token: TimestampToken
    proven: ProvenTime
    service: str


@dataclass(frozen=True, slots=True)
class ServiceState:
    """How an authority is doing, as this worker knows it."""

    name: str
    circuit: CircuitState
    last_fault: str | None


class TimestampClient:
    """
    Args:
        services: the preferred one first.
        failures: so many in a row and an authority is left alone.
        rest: for how long.
        tolerance: how far an authority's clock may be off ours.
    """

    def __init__(
        self,
        services: Sequence[TimestampService],
        clock: Clock,
        *,
        failures: int = 3,
        rest: dt.timedelta = dt.timedelta(seconds=30),
        tolerance: dt.timedelta = TOLERANCE,
    ) -> None:
        self._services = [(one, CircuitBreaker(clock, failures=failures, rest=rest)) for one in services]
        self._clock = clock
        self._tolerance = tolerance
        self._faults: dict[str, str] = {}

    async def stamp(self, content: Content) -> Stamped:
        """A time-stamp over `content`: its bytes, or a function that answers its digest by name.

        Raises:
            TimestampUnavailable: no authority gave one that counts; nothing was done.
        """
        faults = []
        for service, breaker in self._services:
            try:
                with breaker.attempt():
                    return await self._ask(service, content)
            except CircuitOpen:
                faults.append(f"{service.name}: left alone after failures")
            except (AppError, TimeoutError) as error:
                faults.append(f"{service.name}: {self._note(service, error)}")
        raise TimestampUnavailable("; ".join(faults) or "no time-stamping authority is configured")

    def states(self) -> list[ServiceState]:
        """The authorities and how they are doing."""
        return [ServiceState(one.name, breaker.state, self._faults.get(one.name)) for one, breaker in self._services]

    async def _ask(self, service: TimestampService, content: Content) -> Stamped:
        nonce = secrets.randbits(_NONCE_BITS) | 1
        request = write_request(imprint_of(content, service.digest), nonce=nonce, policy=service.policy)
        asked_at = self._clock.now()
        async with asyncio.timeout(service.timeout):
            token = read_token(read_response(await service.source.ask(request)))
            proven = await verify_token(
                token,
                content,
                trust=service.trust,
                at=self._clock.now(),
                nonce=nonce,
                policies=None if service.policy is None else {service.policy},
                tolerance=self._tolerance,
            )
        if token.info.imprint.digest != service.digest:
            raise TimestampRefused(Fault.IMPRINT, "another digest than the one that was sent")
        if proven.latest < asked_at - self._tolerance:  # verify_token has looked at the future
            raise TimestampRefused(Fault.TIME, "earlier than the request")
        self._faults.pop(service.name, None)
        return Stamped(token, proven, service.name)

    def _note(self, service: TimestampService, error: AppError | TimeoutError) -> str:
        said = (error.private or error.code) if isinstance(error, AppError) else "no answer in time"
        self._faults[service.name] = said
        _log.warning("the time-stamping authority %s failed: %s", service.name, said)
        return said
