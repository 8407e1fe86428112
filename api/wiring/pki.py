"""Puts the certificate authority together: who issues, what is published, who answers about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Coroutine
from dataclasses import dataclass

from api.wiring.keys import KeysServices
from core.clock import Clock
from keys.stores.certificates import SqlCertificateStore
from keys.stores.revocation_lists import SqlListStore
from keys.x509.authorities import Authorities
from keys.x509.authority import CertificateAuthority
from keys.x509.dev_ca import DevelopmentAuthorities
from keys.x509.eseal_authority import NationalAuthority
from keys.x509.external import ImportCertificate
from keys.x509.install import InstallAuthority
from keys.x509.issue import IssueCertificate
from keys.x509.life import ChangeCertificate
from keys.x509.lists import RevocationLists
from keys.x509.ocsp.delegates import OcspDelegates
from keys.x509.ocsp.responder import OcspResponder
from keys.x509.pair import IssuePair
from keys.x509.ports import CertificateStore
from keys.x509.publication import PkiAddresses
from keys.x509.seal_certificates import SealCertificates
from keys.x509.settings import PkiSettings
from keys.x509.watch import RevocationWatch


@dataclass(frozen=True)
class PkiServices:
    """The certificate authority, ready to use.

    Attributes:
        authorities: which there are, and their certificates.
        certificates: the register.
        issue: certificates by profile.
        issue_pair: a subject's two national certificates.
        change: hold, resume, revoke.
        watch: follows changes of other workers.
        lists: revocation lists.
        delegates: the responders' own certificates.
        responder: answers about single certificates.
        install: requests for authorities' own certificates, and their installation.
        seals: what the e-seal service asks.
        national_seals: what it asks for seals in the national form.
        seal_certificates: lets certificates follow their seals.
        development: makes the authorities that are missing; never in production.
    """

    settings: PkiSettings
    addresses: PkiAddresses
    authorities: Authorities
    certificates: CertificateStore
    issue: IssueCertificate
    issue_pair: IssuePair
    change: ChangeCertificate
    watch: RevocationWatch
    lists: RevocationLists
    delegates: OcspDelegates
    responder: OcspResponder
    install: InstallAuthority
    seals: CertificateAuthority
    national_seals: NationalAuthority
    seal_certificates: SealCertificates
    development: DevelopmentAuthorities

    def background(self) -> tuple[Coroutine[None, None, None], ...]:
        """Work that runs for the life of a worker."""
        return self.watch.forever(), self.delegates.forever(self.authorities)

    async def ensure_development(self) -> None:
        """
        Raises:
            keys.errors.DevelopmentOnly: in production.
        """
        await self.development.ensure(production=self.settings.production)


async def build_pki(keys: KeysServices, clock: Clock, settings: PkiSettings) -> PkiServices:
    """Compose the certificate authority and read the authorities that there are.

    Raises:
        keys.errors.KeyStoreDamaged: a stored certificate is not for its key.
    """
    store = SqlCertificateStore(keys.store.engine)
    authorities = Authorities(keys.ring, store)
    await authorities.load()
    addresses = PkiAddresses(settings.url)
    issue = IssueCertificate(authorities, store, clock, addresses)
    watch = RevocationWatch(authorities, clock, every=dt.timedelta(seconds=settings.refresh_seconds))
    lists = RevocationLists(
        authorities,
        store,
        SqlListStore(keys.store.engine),
        watch,
        clock,
        addresses,
        life=dt.timedelta(hours=settings.list_hours),
        parts_from=settings.parts_from,
    )
    delegates = OcspDelegates(keys.ring, store, issue, clock, city=settings.city)
    responder = OcspResponder(
        authorities,
        store,
        delegates,
        watch,
        clock,
        life=dt.timedelta(minutes=settings.answer_minutes),
        kept=settings.answers_kept,
    )
    change = ChangeCertificate(store, clock, watch.look)
    watch.add(responder)
    watch.add(lists)
    return PkiServices(
        settings=settings,
        addresses=addresses,
        authorities=authorities,
        certificates=store,
        issue=issue,
        issue_pair=IssuePair(issue, clock),
        change=change,
        watch=watch,
        lists=lists,
        delegates=delegates,
        responder=responder,
        install=InstallAuthority(keys.ring, store, authorities, clock, organisation=settings.city),
        seals=CertificateAuthority(authorities, issue),
        national_seals=NationalAuthority(
            keys.ring, authorities, store, issue, clock, city=settings.city, backend=settings.national_backend
        ),
        seal_certificates=SealCertificates(keys.ring, store, change, ImportCertificate(keys.ring, store, clock)),
        development=DevelopmentAuthorities(
            keys.ring,
            store,
            authorities,
            clock,
            city=settings.city,
            addresses=addresses,
            national=settings.national,
            national_backend=settings.national_backend,
        ),
    )
