"""The units of the authority: keys with their certificates, and until when each may sign (ETSI EN 319 421 §7.6.7).

A time-stamp must outlive its key: whoever verifies it needs the certificate to be alive still. So a key stops signing
long before its certificate ends: by the certificate's own private-key usage period, or else a year before the end,
and half-way for a certificate that lasts less than two years.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from cryptography import x509

from core.clock import Clock
from core.errors import AppError
from keys.errors import KeyMissing
from keys.ports import KeyProvider, Signer
from keys.tsa.ports import TimestampCertificates
from keys.tsa.token_writer import TokenWriter, token_writer

LAST_YEAR = dt.timedelta(days=365)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TimestampUnit:
    """A key that may sign now.

    Attributes:
        purpose: of the key, `tsa/1`.
        signs_from, signs_until: the moments between which the key may sign.
    """

    purpose: str
    writer: TokenWriter
    signs_from: dt.datetime
    signs_until: dt.datetime

    @property
    def key_id(self) -> str:
        return self.writer.signer.key_id


@dataclass(frozen=True, slots=True)
class _Loaded:
    key_id: str
    unit: TimestampUnit | None  # None: no good certificate
    look_again: dt.datetime


class TimestampUnits:
    """The authority's units in their order of preference.

    Args:
        purposes: key purposes, `tsa/1` first.
        look_again: how often the certificates are asked for, so that a revoked one stops signing.
        prepare: makes what is missing when a unit is asked for and none may sign; for development only.
    """

    def __init__(
        self,
        keys: KeyProvider,
        certificates: TimestampCertificates,
        clock: Clock,
        *,
        policy: str,
        accuracy: dt.timedelta,
        purposes: Sequence[str] = ("tsa/1",),
        look_again: dt.timedelta = dt.timedelta(seconds=30),
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._keys = keys
        self._certificates = certificates
        self._clock = clock
        self._policy = policy
        self._accuracy = accuracy
        self._purposes = tuple(purposes)
        self._look_again = look_again
        self._prepare = prepare
        self._loaded: dict[str, _Loaded] = {}
        self._loading = asyncio.Lock()
        self._preparing = asyncio.Lock()

    async def usable(self) -> list[TimestampUnit]:
        """Units that may sign now, the preferred one first. Costs nothing while certificates are fresh in memory."""
        found = await self._usable()
        if found or self._prepare is None:
            return found
        async with self._preparing:
            if not (found := await self._usable()):  # otherwise another request has prepared while this one waited
                await self._prepare()
                self._loaded.clear()
                found = await self._usable()
        return found

    async def _usable(self) -> list[TimestampUnit]:
        now = self._clock.now()
        return [unit for unit in await self.all() if unit.signs_from <= now <= unit.signs_until]

    async def all(self) -> list[TimestampUnit]:
        """Units with a key and a good certificate, whether or not they may sign now."""
        found = []
        for purpose in self._purposes:
            try:
                signer = self._keys.signer(purpose)
            except KeyMissing:
                continue
            if (unit := await self._unit(purpose, signer)) is not None:
                found.append(unit)
        return found

    @property
    def purposes(self) -> tuple[str, ...]:
        return self._purposes

    async def _unit(self, purpose: str, signer: Signer) -> TimestampUnit | None:
        if (loaded := self._fresh(purpose, signer)) is None:
            async with self._loading:
                if (loaded := self._fresh(purpose, signer)) is None:
                    loaded = self._loaded[purpose] = await self._load(purpose, signer)
        return loaded.unit

    def _fresh(self, purpose: str, signer: Signer) -> _Loaded | None:
        loaded = self._loaded.get(purpose)
        if loaded is None or loaded.key_id != signer.key_id or self._clock.now() >= loaded.look_again:
            return None
        return loaded

    async def _load(self, purpose: str, signer: Signer) -> _Loaded:
        chain = await self._certificates.chain(purpose, signer.key_id)
        look_again = self._clock.now() + self._look_again
        before = self._loaded.get(purpose)
        unit: TimestampUnit | None = None
        if chain and before is not None and before.unit is not None and _same(before.unit, signer, chain):
            unit = before.unit
        elif chain:
            try:
                writer = token_writer(signer, chain, policy=self._policy, accuracy=self._accuracy)
                unit = TimestampUnit(purpose, writer, *signing_period(writer.certificate))
            except AppError as error:
                _log.error("the time-stamp key %s cannot be used: %s", purpose, error.private)
        return _Loaded(signer.key_id, unit, look_again)


def signing_period(certificate: x509.Certificate) -> tuple[dt.datetime, dt.datetime]:
    """The first and the last moment at which the certificate's key may sign."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    early = end - min(LAST_YEAR, (end - begin) / 2)
    try:
        usage = certificate.extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod).value
    except x509.ExtensionNotFound:
        return begin, early
    opens = begin if usage.not_before is None else max(begin, usage.not_before.replace(tzinfo=dt.UTC))
    closes = early if usage.not_after is None else min(end, usage.not_after.replace(tzinfo=dt.UTC))
    return opens, closes


def _same(unit: TimestampUnit, signer: Signer, chain: Sequence[bytes]) -> bool:
    return unit.writer.signer is signer and unit.writer.chain == tuple(chain)
