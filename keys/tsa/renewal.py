"""Makes the keys of units, and replaces each in good time: a new key, its certificate, then the change of keys.

Every step is idempotent, so any number of workers may run it and any of them may crash in the middle.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging

from core.clock import Clock
from core.errors import AppError
from keys.errors import KeyMissing, KeyStateConflict
from keys.ports import Signer, VerificationKey
from keys.spec import KeyState, SignatureAlgorithm
from keys.tsa.ports import TimestampCertificates, UnitKeys
from keys.tsa.units import TimestampUnits

RENEW_BEFORE = dt.timedelta(days=30)
_EVERY_SECONDS = 3600.0
_log = logging.getLogger(__name__)


class UnitRenewal:
    """
    Args:
        algorithm: of keys that are made for units that have none; later keys follow their predecessor.
        before: a key is replaced so long before it must stop signing.
    """

    def __init__(
        self,
        keys: UnitKeys,
        certificates: TimestampCertificates,
        units: TimestampUnits,
        clock: Clock,
        *,
        algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256,
        before: dt.timedelta = RENEW_BEFORE,
    ) -> None:
        self._keys = keys
        self._certificates = certificates
        self._units = units
        self._clock = clock
        self._algorithm = algorithm
        self._before = before

    async def ensure(self) -> None:
        """Make keys and certificates of units that have none.

        Raises:
            core.errors.AppError: the issuing authority is not there.
        """
        for purpose in self._units.purposes:
            key = await self._key(purpose)
            await self._certificates.certify(purpose, key.key_id, key.public_key)

    async def renew_due(self) -> list[str]:
        """Replace the keys that must stop signing soon; the purposes of those replaced."""
        renewed = []
        for unit in await self._units.all():
            if unit.signs_until - self._clock.now() <= self._before:
                await self.renew(unit.purpose, replacing=unit.key_id)
                renewed.append(unit.purpose)
        return renewed

    async def renew(self, purpose: str, *, replacing: str) -> None:
        """A new key in the place of `replacing`. Its certificate is there before it signs; it need not be published,
        for every token names its certificate.

        Raises:
            core.errors.AppError: no key to follow, or the issuing authority is not there; the old key still signs.
        """
        await self._keys.refresh()
        if self._keys.signer(purpose).key_id != replacing:
            return
        following = await self._next(purpose)
        await self._certificates.certify(purpose, following.key_id, following.public_key)
        await self._keys.refresh()
        if self._keys.signer(purpose).key_id != replacing:  # another worker was faster
            return
        with contextlib.suppress(KeyStateConflict):  # another worker was faster still
            await self._keys.rotate(purpose, at_once=True)
        await self._keys.refresh()

    async def forever(self) -> None:
        """Look every hour. A failure (the store or the issuing authority is away) is tried again at the next look."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                for purpose in await self.renew_due():
                    _log.warning("the time-stamp key %s was replaced by a new one", purpose)
            except AppError as error:
                _log.error("a time-stamp key could not be renewed: %s", error.private or error.code)
            except Exception as error:  # whatever it is, the next look must come
                _log.error("a time-stamp key could not be renewed: %s", type(error).__name__)

    async def _key(self, purpose: str) -> Signer:
        try:
            return self._keys.signer(purpose)
        except KeyMissing:
            pass
        try:
            return await self._keys.create(purpose, self._algorithm)
        except KeyStateConflict:  # another worker was faster
            await self._keys.refresh()
            return self._keys.signer(purpose)

    async def _next(self, purpose: str) -> VerificationKey:
        try:
            await self._keys.prepare_next(purpose)
        except KeyStateConflict:  # it is there: an earlier run was cut off, or another worker was faster
            await self._keys.refresh()
        for key in self._keys.verification_keys(purpose):
            if key.state is KeyState.NEXT:
                return key
        raise KeyStateConflict("no-next-key", f"the next key of {purpose} was used by another worker")
