"""Makes good what was broken off: every seal that is not active has no good certificate of ours, one that was
destroyed has no key, and one whose national form was made anew has no key of the form before."""

from __future__ import annotations

import asyncio
import logging

from core.db.database import Database
from signing.model import Seal, SealStatus
from signing.national.give import settle_or_log
from signing.national.model import purposes_of
from signing.national.ports import NationalKeys, NationalStore
from signing.ports import SealCertificates, SealKeys, SealStore
from signing.seals.revoke import resume_certificates, stop_certificates

_EVERY_SECONDS = 60.0
_MOST = 100
_NOT_ACTIVE = (
    SealStatus.REVOKED,
    SealStatus.SUSPENDED,
    SealStatus.MADE,
    SealStatus.REPLACED,
    SealStatus.DESTROYED,
)
_log = logging.getLogger(__name__)


class FollowSeals:
    """Walks over the seals that are stopped. Every worker may run it, and any of them may crash in the middle."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        national: NationalStore,
        certificates: SealCertificates,
        keys: SealKeys,
        national_keys: NationalKeys,
    ) -> None:
        self._database = database
        self._store = store
        self._national = national
        self._national_keys = national_keys
        self._certificates = certificates
        self._keys = keys
        self._done: set[tuple[str, SealStatus]] = set()

    async def __call__(self) -> None:
        """One walk; seals whose certificates were found stopped once are not looked at again.

        Raises:
            core.errors.AppError: a store or the authority is away.
        """
        stopped = [seal for status in _NOT_ACTIVE for seal in await self._all(status)]
        now = {(seal.id, seal.status) for seal in stopped}
        self._done &= now  # one that was active in between is looked at again
        for seal in stopped:
            if (seal.id, seal.status) not in self._done:
                await self._stop(seal)
                self._done.add((seal.id, seal.status))
        async with self._database.read() as tx:
            unsettled = await self._national.unsettled(tx, _MOST)
        for form in unsettled:
            await settle_or_log(self._database, self._national, self._national_keys, form)

    async def _stop(self, seal: Seal) -> None:
        await stop_certificates(self._certificates, seal)
        if seal.status is SealStatus.DESTROYED:
            for purpose in purposes_of(seal):
                await self._keys.destroy(purpose)
        async with self._database.read() as tx:
            after = await self._store.seal(tx, seal.id)
        if after is not None and after.status is SealStatus.ACTIVE:  # somebody let it be used between look and stop
            await resume_certificates(self._certificates, seal)

    async def forever(self) -> None:
        """Walk every minute. A failure is tried again at the next walk."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self()
            except Exception:  # whatever it is, the next walk must come
                _log.exception("certificates could not follow their seals")

    async def _all(self, status: SealStatus) -> list[Seal]:
        found: list[Seal] = []
        while True:
            async with self._database.read() as tx:
                page = await self._store.seals_of(tx, None, status=status, after=found[-1].id if found else None)
            found += page
            if not page:
                return found
