"""Certificates of our own units, issued by our own authority for time-stamps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.clock import Clock
from keys.x509.authorities import Authorities
from keys.x509.errors import CertificateConflict
from keys.x509.issue import IssueCertificate, Wanted
from keys.x509.model import CertificateRecord, CertificateStatus
from keys.x509.names import authority_name
from keys.x509.ports import CertificateStore
from keys.x509.profiles import TIMESTAMP, issuer_of


class OwnCertificates:
    """Implements `keys.tsa.ports.TimestampCertificates`.

    Args:
        city: the O of the units' subjects.
        prepare: makes the issuing authority if it is not there; for development only.
    """

    def __init__(
        self,
        authorities: Authorities,
        store: CertificateStore,
        issue: IssueCertificate,
        clock: Clock,
        *,
        city: str,
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._authorities = authorities
        self._store = store
        self._issue = issue
        self._clock = clock
        self._city = city
        self._prepare = prepare

    async def chain(self, purpose: str, key_id: str) -> tuple[bytes, ...]:
        found = await self._good(purpose, key_id)
        issuer = None if found is None else self._authorities.of_key(found.issuer_key_id)
        if found is None or issuer is None:
            return ()
        return found.der, *issuer.chain[:-1]

    async def certify(self, purpose: str, key_id: str, public_key: bytes) -> None:
        if await self._store.of_key(key_id, purpose):
            return
        if self._prepare is not None and issuer_of(TIMESTAMP).name in self._authorities.missing():
            await self._prepare()
        subject = authority_name(self._city, f"Time-stamping Unit {purpose.partition('/')[2]}")
        try:
            await self._issue(Wanted(TIMESTAMP, subject, public_key, purpose, first=True))
        except CertificateConflict:  # another worker was faster
            if not await self._store.of_key(key_id, purpose):
                raise

    async def _good(self, purpose: str, key_id: str) -> CertificateRecord | None:
        now = self._clock.now()
        found = await self._store.of_key(key_id, purpose)
        return next((one for one in found if one.status is CertificateStatus.GOOD and one.not_after > now), None)
