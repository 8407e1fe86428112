"""Responders' certificates: each key of an authority has one of its own sign answers for it (RFC 6960 §4.2.2.2).

They are short-lived and cannot be revoked, so each is replaced long before its end, by whichever worker is first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import x509

from core.clock import Clock
from core.errors import AppError
from keys.errors import KeyMissing, KeyStateConflict
from keys.ports import Signer
from keys.spec import ALGORITHMS, SignatureAlgorithm
from keys.x509.authorities import Authorities, Authority
from keys.x509.certificate import key_identifier
from keys.x509.errors import CertificateConflict
from keys.x509.issue import IssueCertificate, Wanted
from keys.x509.model import CertificateRecord
from keys.x509.names import authority_name
from keys.x509.ocsp.response import Envelope
from keys.x509.ports import AuthorityKeys, CertificateStore
from keys.x509.profiles import OCSP
from keys.x509.subject_key import is_sm2

_TRIES = 4
_FIRST_SECONDS, _EVERY_SECONDS = 60.0, 3600.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delegate:
    """A key that may sign answers for one key of an authority, with its certificate."""

    signer: Signer
    record: CertificateRecord
    envelope: Envelope


class OcspDelegates:
    """Finds the responder of an authority; makes its key and its certificate when they are due.

    Args:
        city: the O of the responders' names.
    """

    def __init__(
        self, keys: AuthorityKeys, certificates: CertificateStore, issue: IssueCertificate, clock: Clock, *, city: str
    ) -> None:
        self._keys = keys
        self._certificates = certificates
        self._issue = issue
        self._clock = clock
        self._city = city
        self._current: dict[str, Delegate] = {}
        self._making = asyncio.Lock()

    async def current(self, authority: Authority) -> Delegate:
        """
        Raises:
            core.errors.Unavailable: the authority's key does not answer, and no certificate is good any more.
        """
        found = self._current.get(authority.key_id)
        if found is not None and not self._is_due(authority, found):
            return found
        async with self._making:
            found = self._current.get(authority.key_id)
            if found is None or self._is_due(authority, found):
                found = self._current[authority.key_id] = await self._renewed(authority)
        return found

    def key_id(self, authority: Authority) -> str | None:
        """The key that signs for this authority now; None while there is none."""
        try:
            return self._keys.signer(_purpose(authority)).key_id
        except KeyMissing:
            return None

    async def renew_due(self, authorities: Sequence[Authority]) -> None:
        """Replace what is due, whether or not anybody asks; an authority that is over needs no responder."""
        for authority in authorities:
            if authority.kind.answers and authority.record.not_after > self._clock.now():
                try:
                    await self.current(authority)
                except AppError as error:  # its key does not answer: half of the certificate's life is left
                    _log.error("no OCSP responder for %s: %s", authority.slug, error.private or error.code)

    async def forever(self, authorities: Authorities) -> None:
        """Look a minute after the start, then every hour. A failure is tried again at the next look."""
        wait = _FIRST_SECONDS
        while True:
            await asyncio.sleep(wait)
            wait = _EVERY_SECONDS
            try:
                await self.renew_due(authorities.all())
            except Exception:  # whatever it is, the next look must come
                _log.exception("OCSP responders could not be looked after")

    def _is_due(self, authority: Authority, delegate: Delegate) -> bool:
        """Half of its life is over, or the ring has another key by now."""
        half = delegate.record.not_after - OCSP.life / 2
        return self._clock.now() >= half or self.key_id(authority) != delegate.signer.key_id

    async def _renewed(self, authority: Authority) -> Delegate:
        purpose = _purpose(authority)
        signer = await self._key(purpose, _algorithm(authority))
        subject = authority_name(self._city, f"Yizheng OCSP Responder {authority.row.name}")
        for _ in range(_TRIES):
            for known in await self._certificates.of_key(signer.key_id, purpose):
                if known.issuer_key_id == authority.key_id:
                    delegate = _delegate(signer, known)
                    if not self._is_due(authority, delegate):
                        return delegate
                    break
            try:
                record = await self._issue(Wanted(OCSP, subject, signer.public_key, purpose), issuer=authority)
            except CertificateConflict:  # another worker was faster: look again
                continue
            return _delegate(signer, record)
        raise KeyMissing(purpose)

    async def _key(self, purpose: str, algorithm: SignatureAlgorithm) -> Signer:
        try:
            return self._keys.signer(purpose)
        except KeyMissing:
            pass
        try:
            return await self._keys.create(purpose, algorithm)
        except KeyStateConflict:  # another worker was faster
            await self._keys.refresh()
            return self._keys.signer(purpose)


def _purpose(authority: Authority) -> str:
    """An authority that went over to SM2, or back, has a responder of each kind while its former certificates last."""
    other = _algorithm(authority) is not authority.kind.algorithm
    return f"ocsp/{authority.row.name}{'.other' if other else ''}"


def _algorithm(authority: Authority) -> SignatureAlgorithm:
    """Whoever checks by SM2 alone finds nothing else from the authority down to the answer."""
    return SignatureAlgorithm.SM2_SM3 if is_sm2(authority.public_key) else SignatureAlgorithm.ES256


def _delegate(signer: Signer, record: CertificateRecord) -> Delegate:
    certificate = x509.Certificate.load(record.der)
    key_hash = key_identifier(certificate.public_key.dump())
    envelope = Envelope.of(key_hash, ALGORITHMS[signer.algorithm].identifier, record.der)
    return Delegate(signer, record, envelope)
