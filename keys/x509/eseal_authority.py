"""The national side of the authority: SM2 certificates for seals, and who signs them (制章者, GB/T 38540-2020)."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.clock import Clock
from keys.errors import KeyMissing, KeyStateConflict
from keys.ports import Signer
from keys.spec import SignatureAlgorithm
from keys.x509.authorities import Authorities
from keys.x509.errors import CertificateConflict
from keys.x509.issue import IssueCertificate, Wanted
from keys.x509.model import CertificateRecord, CertificateStatus
from keys.x509.names import authority_name
from keys.x509.names import seal_name as seal_subject
from keys.x509.ports import AuthorityKeys, CertificateStore
from keys.x509.profiles import ESEAL, ESEAL_MAKER, NATIONAL_SEALS

MAKER = "eseal.maker"
"""Ring purpose of the maker's key."""

_TRIES = 4


@dataclass(frozen=True, slots=True)
class SealMaker:
    """Who signs seals.

    Attributes:
        certificate: DER.
        until: the last moment at which the certificate is good: no seal promises more.
    """

    signer: Signer
    certificate: bytes = field(repr=False)
    until: dt.datetime

    async def sign(self, info: bytes) -> bytes:
        """SM2 with SM3 over SES_SealInfo.

        Raises:
            core.errors.Unavailable: the key's device does not answer.
        """
        return await asyncio.to_thread(self.signer.sign, info) if self.signer.blocking else self.signer.sign(info)


class NationalAuthority:
    """Issues SM2 certificates for seals, and keeps the maker's key and certificate.

    Args:
        city: the O of the maker's name.
        backend: where the maker's key is made; None for where all are.
    """

    def __init__(
        self,
        keys: AuthorityKeys,
        authorities: Authorities,
        store: CertificateStore,
        issue: IssueCertificate,
        clock: Clock,
        *,
        city: str,
        backend: str | None = None,
    ) -> None:
        self._keys = keys
        self._authorities = authorities
        self._store = store
        self._issue = issue
        self._clock = clock
        self._city = city
        self._backend = backend

    def issuing_chain(self) -> Sequence[bytes]:
        """DER: the authority of national seals, then those above it, the root last.

        Raises:
            KeyMissing: there is none.
        """
        return list(self._authorities.issuing(NATIONAL_SEALS).chain)

    async def issue_seal_certificate(
        self,
        *,
        organisation_name: str,
        organisation_code: str,
        seal_name: str,
        seal_code: str,
        public_key: bytes,
        purpose: str,
    ) -> bytes:
        """An SM2 certificate for a seal's key, DER, kept in the register.

        Raises:
            keys.errors.CertificateRefused: a name or the key cannot be certified.
            CertificateConflict: the key is certified for somebody else.
            core.errors.Unavailable: `key-missing` without an authority; `key-unavailable`.
        """
        subject = seal_subject(
            organisation_name=organisation_name,
            organisation_code=organisation_code,
            seal_name=seal_name,
            seal_code=seal_code,
        )
        return (await self._issue(Wanted(ESEAL, subject, public_key, purpose))).der

    async def maker(self, *, until: dt.datetime) -> SealMaker:
        """The maker, its key and certificate made where they are missing or do not last.

        Args:
            until: a moment at which its certificate shall still be good, if its authority lives so long.

        Raises:
            core.errors.Unavailable: `key-missing` without an authority; `key-unavailable`.
            keys.errors.KeyRefused: the place where keys are made has no SM2.
        """
        authority = self._authorities.issuing(NATIONAL_SEALS)
        signer = await self._key()
        subject = authority_name(self._city, "Yizheng Seal Maker")
        wanted = Wanted(ESEAL_MAKER, subject, signer.public_key, MAKER)
        longest = min(until, authority.record.not_after)
        for _ in range(_TRIES):
            found = await self._good(signer.key_id, authority.key_id)
            if found is not None and found.not_after >= longest:
                return SealMaker(signer, found.der, found.not_after)
            try:
                record = await self._issue(wanted)
            except CertificateConflict:  # another worker was faster: look again
                continue
            return SealMaker(signer, record.der, record.not_after)
        raise KeyMissing(MAKER)

    async def _good(self, key_id: str, issuer_key_id: str) -> CertificateRecord | None:
        good = [
            one
            for one in await self._store.of_key(key_id, MAKER)
            if one.status is CertificateStatus.GOOD
            and one.not_after > self._clock.now()
            and one.issuer_key_id == issuer_key_id
        ]
        return max(good, key=lambda one: one.not_after, default=None)

    async def _key(self) -> Signer:
        try:
            return self._keys.signer(MAKER)
        except KeyMissing:
            pass
        try:
            return await self._keys.create(MAKER, SignatureAlgorithm.SM2_SM3, backend=self._backend)
        except KeyStateConflict:  # another worker was faster
            await self._keys.refresh()
            return self._keys.signer(MAKER)
