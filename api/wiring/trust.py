"""Puts trust together: the lists, the judge of certificates, and what it may ask of whom."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from api.wiring.ground import Ground
from api.wiring.pki import PkiServices
from core.egress.fetch import Egress
from core.errors import AppError
from core.principal import SYSTEM
from core.text import Text
from idp.clients.ports import CertificateJudge
from keys.stores.trust import SqlTrustStore
from keys.trust.certificate import Certificate, read_certificate
from keys.trust.change import ChangeTrust
from keys.trust.errors import TrustListChanged
from keys.trust.judge import Judge
from keys.trust.judgement import Judgement
from keys.trust.lists import TrustLists
from keys.trust.model import Assurance, Period, Service, Standing, TrustEntry
from keys.trust.own_register import OwnRegister
from keys.trust.ports import CertificateRegister, RegisteredStatus
from keys.trust.publish import PublishTrust
from keys.trust.revocation import Revocations
from keys.trust.settings import TrustSettings
from keys.x509.authorities import Authorities
from keys.x509.ports import CertificateStore
from keys.x509.profiles import NATIONAL_SEALS

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrustServices:
    """Trust, ready to use. `refresh` before the first judgement; `keep_fresh` for the life of a worker."""

    settings: TrustSettings
    store: SqlTrustStore
    lists: TrustLists
    judge: Judge
    change: ChangeTrust
    publish: PublishTrust

    async def prepare(self) -> None:
        """Make what publishing needs, if it is not there."""
        await self.publish.prepare()

    async def refresh(self) -> None:
        """Put authorities of our own that are new on our list, and read what has changed.

        Raises:
            core.errors.Unavailable: a list cannot be read.
        """
        await self.lists.refresh()
        for entry in self.lists.unlisted():
            try:
                await self.change.add(entry, by=SYSTEM.id)
            except TrustListChanged:  # another worker was faster
                _log.debug("the trust list was changed by another worker")
        await self.lists.refresh()

    async def keep_fresh(self) -> None:
        """Follow changes, for ever. A failed look changes nothing: the lists in memory stay as they are."""
        while True:
            await asyncio.sleep(self.settings.refresh_seconds)
            try:
                await self.refresh()
            except (AppError, SQLAlchemyError, OSError):
                _log.exception("the trust lists could not be refreshed")


class OwnAuthorities:
    """Our own roots as entries of the list; and the authority of our national seals, for these bring no certificate of
    it along (GB/T 38540-2020 §6 and §7 have room for none): whoever reads our list finds it there."""

    def __init__(self, authorities: Authorities, city: str) -> None:
        self._authorities = authorities
        self._name = Text(f"{city}电子认证机构（本系统）", f"Certification authority of {city} (this service)")
        self._made: dict[bytes, TrustEntry] = {}

    def __call__(self) -> tuple[TrustEntry, ...]:
        seals = (one.der for one in self._authorities.all() if one.row.name == NATIONAL_SEALS)
        listed = [(root, frozenset(Service)) for root in self._authorities.roots()]
        listed += [(der, frozenset({Service.DOCUMENTS})) for der in seals]
        return tuple(self._made.get(der) or self._make(der, services) for der, services in listed)

    def _make(self, der: bytes, services: frozenset[Service]) -> TrustEntry:
        periods = (Period(Standing.GRANTED, read_certificate(der).not_before),)
        entry = TrustEntry(der, self._name, services, Assurance.SUBSTANTIAL, periods)
        self._made[der] = entry
        return entry


class OwnCertificates:
    """Implements `keys.trust.ports.CertificateRegister` over the register of our authority."""

    def __init__(self, authorities: Authorities, store: CertificateStore) -> None:
        self._authorities = authorities
        self._store = store
        self._seen: tuple[str, ...] = ()
        self._keys: frozenset[bytes] = frozenset()

    def answers_for(self, issuer: Certificate) -> bool:
        found = self._authorities.all()
        seen = tuple(one.key_id for one in found)
        if seen != self._seen:
            self._seen, self._keys = seen, frozenset(one.public_key for one in found)
        return issuer.public_key in self._keys

    async def status_of(self, sha256: str) -> RegisteredStatus | None:
        record = await self._store.find(sha256)
        if record is None:
            return None
        return RegisteredStatus(record.revoked_at, str(record.reason) if record.reason else None)


class MachineJudge:
    """Implements `idp.clients.ports.CertificateJudge`. Not every proxy hands on more than the client's certificate, so
    those of our own issuing authorities are put beside it."""

    def __init__(self, judge: Judge, authorities: Authorities) -> None:
        self._judge = judge
        self._authorities = authorities

    async def judge(self, certificate: bytes, others: Sequence[bytes] = (), *, service: Service) -> Judgement:
        ours = [authority.der for authority in self._authorities.all()]
        return await self._judge.judge(certificate, [*ours, *others], service=service)


async def build_trust(ground: Ground, pki: PkiServices) -> TrustServices:
    """Compose trust on the key store, and read the lists.

    Raises:
        core.errors.Unavailable: a list cannot be read.
    """
    settings, clock = ground.settings.trust, ground.clock
    store = SqlTrustStore(ground.keys.store.engine)
    lists = TrustLists(store, OwnAuthorities(pki.authorities, ground.settings.city))
    register = OwnRegister(OwnCertificates(pki.authorities, pki.certificates), clock, seconds=settings.refresh_seconds)
    revocations = Revocations([register], Egress(settings.egress_rules()), ground.kv)
    publisher = Text(settings.publisher, settings.publisher)
    life = dt.timedelta(days=settings.days)
    change = ChangeTrust(store, clock, publisher=publisher, territory=settings.territory, life=life)
    publish = PublishTrust(
        change, store, ground.keys.ring, clock, operator=settings.publisher, address=f"{pki.settings.url}/pki"
    )
    services = TrustServices(settings, store, lists, Judge(lists, revocations, clock), change, publish)
    await services.refresh()
    return services


_: type[CertificateRegister] = OwnCertificates
_machines: type[CertificateJudge] = MachineJudge
