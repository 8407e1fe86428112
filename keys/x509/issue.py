"""Issues certificates by profile (RFC 5280 §4) and enters them in the register."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass

from asn1crypto import x509

from core.clock import Clock
from core.text import Text
from keys.errors import CertificateRefused
from keys.x509.authorities import Authorities, Authority
from keys.x509.certificate import CertificateRequest, build_certificate, new_serial
from keys.x509.chain import check_chain
from keys.x509.errors import CertificateConflict, CertificateNotFound
from keys.x509.model import CertificateRecord, CertificateStatus, Origin, record_of
from keys.x509.ports import CertificateStore
from keys.x509.profiles import END_ENTITIES, CertificateProfile, issuer_of
from keys.x509.publication import PkiAddresses
from keys.x509.subject_key import SubjectKey, subject_key

_END_OF_DAY = dt.time(23, 59, 59, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A certificate to issue.

    Attributes:
        public_key: SubjectPublicKeyInfo, DER; that whoever asks has the private key is proved before.
        purpose: ring purpose of the key, where it is ours.
        life: how long, when not as long as the profile says.
        first: only if the key has no certificate yet, whoever else asks at the same moment.
    """

    profile: CertificateProfile
    subject: x509.Name
    public_key: bytes
    purpose: str = ""
    life: dt.timedelta | None = None
    first: bool = False


class IssueCertificate:
    """Issues under the authority of the profile.

    Args:
        addresses: None for certificates that say nothing about where to ask.
    """

    def __init__(
        self, authorities: Authorities, store: CertificateStore, clock: Clock, addresses: PkiAddresses | None
    ) -> None:
        self._authorities = authorities
        self._store = store
        self._clock = clock
        self._addresses = addresses

    async def __call__(self, wanted: Wanted, *, issuer: Authority | None = None) -> CertificateRecord:
        """
        Args:
            issuer: a certain key of an authority, for its responder; otherwise the one that issues now.

        Raises:
            keys.errors.CertificateRefused: the algorithm table or another rule forbids a certificate for this key.
            CertificateConflict: the key is certified for another subject, or being certified at this moment; or it
                has a certificate and only the first one was wanted.
            core.errors.Unavailable: `key-missing` without an authority; `key-unavailable`.
        """
        now = self._clock.now().replace(microsecond=0)
        authority = issuer or self._authorities.issuing(issuer_of(wanted.profile).name)
        key = subject_key(wanted.public_key, wanted.profile.signs, now.date(), only=wanted.profile.algorithm)
        edition = await self._edition(key.key_id, wanted.subject)
        if wanted.first and edition > 1:
            raise _has_one()
        request = self._request(wanted, authority, key, now)
        certificate = await build_certificate(
            request, issuer=authority.certificate.subject, signer=self._authorities.signer(authority)
        )
        check_chain([certificate.dump(), *authority.chain], moment=now)
        record = record_of(
            certificate,
            issuer=authority.row.name,
            issuer_key_id=authority.key_id,
            profile=wanted.profile.name,
            purpose=wanted.purpose,
            subject_key_id=key.key_id,
            edition=edition,
            created_at=now,
        )
        if not await self._store.add(record):
            raise _busy()
        return record

    async def renew(self, sha256: str, *, public_key: bytes | None = None) -> CertificateRecord:
        """A new certificate with the subject and the profile of one that is good; that one stays as it is.

        Args:
            public_key: a new key, proved before; None for the same key.

        Raises:
            CertificateNotFound.
            CertificateConflict: it is held, revoked, or not one of our end entities'.
            And as `__call__`.
        """
        former = await self._store.find(sha256)
        if former is None:
            raise CertificateNotFound
        if former.status is not CertificateStatus.GOOD or former.origin is not Origin.OWN:
            raise _not_renewable()
        profile = END_ENTITIES.get(former.profile)
        if profile is None or profile.no_check:
            raise _not_renewable()
        certificate = x509.Certificate.load(former.der)
        same = certificate.public_key.dump()
        wanted = Wanted(profile, certificate.subject, public_key or same, former.purpose)
        return await self(wanted)

    def _request(self, wanted: Wanted, authority: Authority, key: SubjectKey, now: dt.datetime) -> CertificateRequest:
        ends = [now + (wanted.life or wanted.profile.life), authority.certificate.not_valid_after]
        if key.until is not None:  # a certificate promises nothing beyond the end of its key's algorithm
            ends.append(dt.datetime.combine(key.until, _END_OF_DAY))
        serial = new_serial()
        request = CertificateRequest(wanted.subject, wanted.public_key, now, min(ends), wanted.profile, serial=serial)
        if self._addresses is None:
            return request
        published = self._addresses.below_issuing(authority.slug, serial, no_check=wanted.profile.no_check)
        return dataclasses.replace(request, published=published)

    async def _edition(self, key_id: str, subject: x509.Name) -> int:
        """The number of the key's next certificate: a key belongs to one subject, and no authority's key to another.

        A look that another worker may overtake; the register's unique index has the last word.
        """
        known = await self._store.of_key(key_id)
        if self._authorities.of_key(key_id) is not None or any(one.purpose.startswith("ca.") for one in known):
            raise _authority_key()
        own = [one for one in known if one.origin is Origin.OWN]
        if any(x509.Certificate.load(one.der).subject.dump() != subject.dump() for one in own):
            raise _other_subject()
        return known[0].edition + 1 if known else 1


def _authority_key() -> CertificateRefused:
    text = Text(
        "这是签发机构自己的公钥，不能签发给他人。", "This is an authority's own key; it is certified for nobody else."
    )
    return CertificateRefused(text, field="public_key")


def _other_subject() -> CertificateConflict:
    text = Text(
        "该公钥已签发给另一主体，请生成新的密钥。",
        "This key is certified for another subject already; make a new key.",
    )
    return CertificateConflict("key-certified", text)


def _has_one() -> CertificateConflict:
    text = Text("该公钥已有证书。", "This key has a certificate already.")
    return CertificateConflict("key-has-certificate", text)


def _busy() -> CertificateConflict:
    text = Text(
        "该公钥的证书正由另一操作签发，请稍后查看。",
        "Another operation is certifying this key right now; look at its certificates again.",
    )
    return CertificateConflict("certificate-raced", text)


def _not_renewable() -> CertificateConflict:
    text = Text(
        "只有本机构签发的有效证书才能续期。", "Only a good certificate that we issued to others can be renewed."
    )
    return CertificateConflict("certificate-not-renewable", text)
