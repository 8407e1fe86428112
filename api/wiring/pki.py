"""Puts the certificate authority together: who issues, what is published, who answers about it."""

from __future__ import annotations

from dataclasses import dataclass

from api.wiring.keys import KeysServices
from core.clock import Clock
from keys.stores.certificates import SqlCertificateStore
from keys.x509.authorities import Authorities
from keys.x509.authority import CertificateAuthority
from keys.x509.dev_ca import DevelopmentAuthorities
from keys.x509.install import InstallAuthority
from keys.x509.issue import IssueCertificate
from keys.x509.ports import CertificateStore
from keys.x509.publication import PkiAddresses
from keys.x509.settings import PkiSettings


@dataclass(frozen=True)
class PkiServices:
    """The certificate authority, ready to use.

    Attributes:
        authorities: which there are, and their certificates.
        certificates: the register.
        issue: certificates by profile.
        install: requests for authorities' own certificates, and their installation.
        seals: what the e-seal service asks.
        development: makes the authorities that are missing; never in production.
    """

    settings: PkiSettings
    addresses: PkiAddresses
    authorities: Authorities
    certificates: CertificateStore
    issue: IssueCertificate
    install: InstallAuthority
    seals: CertificateAuthority
    development: DevelopmentAuthorities

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
    return PkiServices(
        settings=settings,
        addresses=addresses,
        authorities=authorities,
        certificates=store,
        issue=issue,
        install=InstallAuthority(keys.ring, store, authorities, clock, organisation=settings.city),
        seals=CertificateAuthority(authorities, issue),
        development=DevelopmentAuthorities(
            keys.ring, store, authorities, clock, city=settings.city, addresses=addresses
        ),
    )
