"""What a root signs: itself, issuing authorities, and the list of those it has revoked (RFC 5280 §4, §5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from asn1crypto import x509

from core.errors import AppError
from core.text import Text
from keys.ceremony.canonical import digest
from keys.ceremony.errors import CeremonyRefused
from keys.ceremony.model import Issued
from keys.ceremony.protocol import RootFacts
from keys.ceremony.session import Session
from keys.ports import Signer
from keys.spec import ALGORITHMS
from keys.x509 import profiles
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.chain import check_chain
from keys.x509.crl import ListContent, build_list
from keys.x509.csr import read_request
from keys.x509.model import Revocation, RevocationReason
from keys.x509.names import authority_name
from keys.x509.profiles import ISSUING_NAMES, ROOT
from keys.x509.publication import PkiAddresses
from keys.x509.subject_key import subject_key

LIST_LIFE = dt.timedelta(days=396)
"""13 months: once a year the holders meet, with a month to spare."""

REASONS = (
    RevocationReason.KEY_COMPROMISE,
    RevocationReason.CA_COMPROMISE,
    RevocationReason.AFFILIATION_CHANGED,
    RevocationReason.SUPERSEDED,
    RevocationReason.CESSATION_OF_OPERATION,
)
"""Why an issuing authority may be revoked (RFC 5280 §5.3.1)."""

_END_OF_DAY = dt.time(23, 59, 59, tzinfo=dt.UTC)

AUTHORITIES = ISSUING_NAMES
"""Issuing authorities that the service knows (`ca.seals`, …)."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request of an issuing authority whose signature is good.

    Attributes:
        name: of the authority, one of `AUTHORITIES`.
        pki_url: where the service publishes what the certificate points to.
    """

    name: str
    subject: x509.Name
    public_key: bytes
    sha256: str
    pki_url: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What was issued in one ceremony: certificates (DER) by name, and their rows in the register."""

    certificates: Mapping[str, bytes]
    register: tuple[Issued, ...]


def read_requests(requests: Mapping[str, bytes], *, pki_url: str, at: dt.datetime) -> tuple[Request, ...]:
    """The requests, if they can be granted.

    Raises:
        CeremonyRefused: an unknown name, no PKCS#10, a bad signature, or a key that no authority may have; or no
            address to publish at.
    """
    if requests and urlsplit(pki_url).scheme not in ("http", "https"):
        raise CeremonyRefused(
            Text("请用 --pki-url 给出公布证书的地址。", "Say with --pki-url where the service publishes certificates.")
        )
    return tuple(_read_request(name, content, pki_url, at) for name, content in requests.items())


def _read_request(name: str, content: bytes, pki_url: str, at: dt.datetime) -> Request:
    if name not in AUTHORITIES:
        known = "、".join(AUTHORITIES), ", ".join(AUTHORITIES)
        raise CeremonyRefused(
            Text(
                f"签发机构名称 {name} 未知，应为：{known[0]}。",
                f"{name} is no issuing authority: it is one of {known[1]}.",
            )
        )
    try:
        request = read_request(content, at=at)
        subject_key(request.public_key, profiles.AUTHORITIES[name].profile.signs, at.date())
    except AppError as refused:
        raise CeremonyRefused(
            Text(
                f"{name} 的请求不能使用：{refused.text.zh}", f"The request of {name} cannot be used: {refused.text.en}"
            )
        ) from None
    return Request(name, request.subject, request.public_key, digest(content), pki_url)


def agree_on_requests(session: Session, requests: Sequence[Request]) -> None:
    """Leader and witness compare each request with what the service printed when it was made.

    Raises:
        CeremonyStopped: one of them does not confirm.
    """
    for one in requests:
        session.confirm_by_leads(
            Text(
                f"签发 {one.name}：{one.subject.human_friendly}\n  请求文件 SHA-256：{one.sha256}\n"
                f"  公布地址：{one.pki_url}",
                f"Certify {one.name}: {one.subject.human_friendly}\n  request, SHA-256: {one.sha256}\n"
                f"  published at: {one.pki_url}",
            )
        )


def agree_on_revocations(session: Session, certificates: Sequence[Issued], reasons: Mapping[str, str]) -> None:
    """
    Raises:
        CeremonyStopped: one of them does not confirm.
    """
    for one in certificates:
        reason = reasons[one.serial]
        session.confirm_by_leads(
            Text(
                f"吊销 {one.name}：{one.subject}\n  序列号 {one.serial}，原因 {reason}。它签发的全部证书不再被信任。",
                f"Revoke {one.name}: {one.subject}\n  serial number {one.serial}, reason {reason}."
                " Nothing that it ever issued is trusted after this.",
            )
        )


class Root:
    """A root whose key is open.

    Args:
        certificate: its own, DER.
        signer: its key.
    """

    def __init__(self, certificate: bytes, signer: Signer) -> None:
        self.certificate = certificate
        self._parsed = x509.Certificate.load(certificate)
        self._signer = signer

    @classmethod
    async def found(cls, signer: Signer, *, organisation: str, common_name: str, at: dt.datetime) -> Root:
        """A new root: its certificate is signed by its own key.

        Raises:
            keys.errors.CertificateRefused: a name cannot be certified.
            core.errors.Unavailable: the key's device does not answer.
        """
        name = authority_name(organisation, common_name)
        request = CertificateRequest(name, signer.public_key, at, at + ROOT.life, ROOT)
        certificate = await build_certificate(request, issuer=name, signer=signer)
        return cls(certificate.dump(), signer)

    def facts(self, custody: str) -> RootFacts:
        """What the protocol says about it."""
        row = ALGORITHMS[self._signer.algorithm]
        return RootFacts(
            sha256=digest(self.certificate),
            subject=self._parsed.subject.human_friendly,
            algorithm=str(row.algorithm),
            bits=self._parsed.public_key.bit_size,
            not_before=self._parsed.not_valid_before,
            not_after=self._parsed.not_valid_after,
            custody=custody,
        )

    async def issue_all(self, requests: Sequence[Request], session: Session) -> Batch:
        """Certify every request, and show what was made.

        Raises:
            CeremonyRefused: a request asks for the root's own name or key.
        """
        certificates, register = {}, []
        for one in requests:
            certificate = await self._issue(one, session.now())
            certificates[one.name] = certificate.dump()
            row = _row(one.name, certificate)
            register.append(row)
            session.show(
                Text(
                    f"已签发 {one.name}，SHA-256：\n  {row.sha256}",
                    f"{one.name} is certified, SHA-256:\n  {row.sha256}",
                )
            )
        return Batch(certificates, tuple(register))

    async def revocation_list(self, register: Sequence[Issued], *, number: int, at: dt.datetime) -> bytes:
        """The root's list, in DER: everything that it has revoked (RFC 5280 §5)."""
        content = ListContent(
            issuer=self._parsed.subject.dump(),
            number=number,
            this_update=at,
            next_update=at + LIST_LIFE,
            revocations=[
                Revocation(int(one.serial, 16), one.revoked_at, RevocationReason(one.reason), None)
                for one in register
                if one.revoked_at is not None
            ],
            expired_since=self._parsed.not_valid_before,  # nothing ever leaves this list
        )
        return await build_list(content, self._signer)

    async def _issue(self, request: Request, at: dt.datetime) -> x509.Certificate:
        if request.subject == self._parsed.subject or request.public_key == self._signer.public_key:
            raise CeremonyRefused(
                Text(
                    f"{request.name} 不能使用根证书的名称或密钥。",
                    f"{request.name} must not take the root's name or key.",
                )
            )
        profile = profiles.AUTHORITIES[request.name].profile
        key = subject_key(request.public_key, profile.signs, at.date())
        until = dt.datetime.combine(key.until or dt.date.max, _END_OF_DAY)
        end = min(at + profile.life, until, self._parsed.not_valid_after)
        published = PkiAddresses(request.pki_url.rstrip("/")).below_root()
        wanted = CertificateRequest(request.subject, request.public_key, at, end, profile, published)
        certificate = await build_certificate(wanted, issuer=self._parsed.subject, signer=self._signer)
        check_chain([certificate.dump(), self.certificate], moment=at)
        return certificate


def _row(name: str, certificate: x509.Certificate) -> Issued:
    return Issued(
        name=name,
        serial=f"{certificate.serial_number:x}",
        subject=certificate.subject.human_friendly,
        sha256=digest(certificate.dump()),
        not_after=certificate.not_valid_after,
    )
