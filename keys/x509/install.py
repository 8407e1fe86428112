"""How authorities come to be here: a key in the ring, a request to whoever certifies it, and the certificate back.

The root signs somewhere else (a ceremony, or a licensed authority's office). What it hands out is installed here:
certificates with the path above them, and its revocation list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import x509

from core.clock import Clock
from core.text import Text
from keys.errors import CertificateRefused, ChainRefused, KeyMissing, KeyStateConflict
from keys.ports import Signer, VerificationKey
from keys.spec import KeyState, SignatureAlgorithm
from keys.x509.authorities import Authorities
from keys.x509.chain import check_chain
from keys.x509.csr import write_request
from keys.x509.errors import AuthorityUnknown
from keys.x509.model import CertificateRecord, record_of
from keys.x509.names import authority_name
from keys.x509.ports import AuthorityKeys, CertificateStore
from keys.x509.profiles import EVERY_AUTHORITY, NATIONAL_AUTHORITIES, ROOT_KIND, AuthorityKind
from keys.x509.subject_key import key_id_of

_ABOVE = "ca.above"
"""Purpose of certificates between our authority and a root that is not ours; they are only part of a path."""


@dataclass(frozen=True, slots=True)
class AuthorityRequest:
    """A request for an authority's certificate: PKCS #10 in DER (RFC 2986), signed by the authority's key."""

    name: str
    key_id: str
    der: bytes


class InstallAuthority:
    """Requests certificates for our authorities, and installs them.

    Args:
        organisation: the O of the authorities' names.
    """

    def __init__(
        self,
        keys: AuthorityKeys,
        store: CertificateStore,
        authorities: Authorities,
        clock: Clock,
        *,
        organisation: str,
    ) -> None:
        self._keys = keys
        self._store = store
        self._authorities = authorities
        self._clock = clock
        self._organisation = organisation

    async def request_authority(
        self,
        name: str,
        *,
        new_key: bool = False,
        algorithm: SignatureAlgorithm | None = None,
        backend: str | None = None,
        bits: int | None = None,
    ) -> AuthorityRequest:
        """A request for the certificate of `ca.<name>`, whose key is made if it is not there.

        Asking again answers a request for the same key, so nothing is lost when the first one got lost.

        Args:
            algorithm: of a new key; None for the authority's usual one.
            new_key: for the key that follows the active one; the active one issues until the new one's certificate
                is installed.

        Raises:
            AuthorityUnknown: no issuing authority has this name.
            CertificateRefused: a national authority by another algorithm than SM2.
            core.errors.AppError: the key cannot be made.
        """
        kind = _issuing_kind(name)
        if name in NATIONAL_AUTHORITIES and algorithm not in (None, kind.algorithm):
            raise _not_national()
        key = await self._key(kind, new_key, algorithm or kind.algorithm, backend, bits)
        generation = await self._generation(key.key_id, name)
        suffix = "" if generation == 1 else f" {generation}"
        subject = authority_name(self._organisation, f"Yizheng {kind.common_name}{suffix}")
        return AuthorityRequest(name, key.key_id, await write_request(subject, key))

    async def install_authority(
        self, name: str, certificate_der: bytes, chain_ders: Sequence[bytes]
    ) -> CertificateRecord:
        """Put a certificate for our key in service. Installing it again changes nothing.

        A certificate for the key that follows makes that key the active one: from then on it issues.

        Args:
            chain_ders: the issuers above it, the root last, DER.

        Raises:
            AuthorityUnknown: no issuing authority has this name.
            CertificateRefused: it is not for a key of this authority in the ring, or says something that its profile
                does not.
            ChainRefused: the path does not hold now.
        """
        kind = _issuing_kind(name)
        chain = [certificate_der, *chain_ders]
        check_chain(chain, moment=self._clock.now())
        certificate = x509.Certificate.load(certificate_der)
        await self._keys.refresh()
        key = self._key_of(kind, certificate)
        _check_profile(certificate, kind)
        above = [x509.Certificate.load(der) for der in chain_ders]
        if len(above) == 0:
            raise ChainRefused("an issuing authority has an issuer above it")
        for position, one in enumerate(above):
            root = position == len(above) - 1
            await self._keep(
                one, above[min(position + 1, len(above) - 1)], EVERY_AUTHORITY[kind.root] if root else None
            )
        record = await self._keep(certificate, above[0], kind)
        if key.state is KeyState.NEXT:
            await self._keys.rotate(kind.purpose, at_once=True)
        await self._authorities.load()
        return record

    async def install_root(self, certificate_der: bytes) -> CertificateRecord:
        """Trust a root whose key is elsewhere. Who calls this has compared its fingerprint with the signed paper.

        Raises:
            ChainRefused: it is no root, or not valid now.
        """
        check_chain([certificate_der], moment=self._clock.now())
        certificate = x509.Certificate.load(certificate_der)
        record = await self._keep(certificate, certificate, ROOT_KIND)
        await self._authorities.load()
        return record

    # -- parts -----------------------------------------------------------------------------------------------------

    async def _key(
        self,
        kind: AuthorityKind,
        new_key: bool,
        algorithm: SignatureAlgorithm,
        backend: str | None,
        bits: int | None,
    ) -> Signer:
        await self._keys.refresh()
        try:
            active = self._keys.signer(kind.purpose)
        except KeyMissing:
            return await self._keys.create(kind.purpose, algorithm, backend=backend, bits=bits)
        if not new_key:
            return active
        try:
            await self._keys.prepare_next(kind.purpose)
        except KeyStateConflict:  # an earlier request made it
            await self._keys.refresh()
        following = next(key for key in self._keys.verification_keys(kind.purpose) if key.state is KeyState.NEXT)
        return self._keys.signer_of(following.key_id)

    async def _generation(self, key_id: str, name: str) -> int:
        rows = [row for row in await self._store.authorities() if row.name == name]
        known = next((row.generation for row in rows if row.key_id == key_id), None)
        return len(rows) + 1 if known is None else known

    def _key_of(self, kind: AuthorityKind, certificate: x509.Certificate) -> VerificationKey:
        encoded = certificate.public_key.dump()
        for key in self._keys.verification_keys(kind.purpose):
            if key.public_key == encoded and key.state is not KeyState.VERIFY_ONLY:
                return key
        text = Text(
            f"证书不是为本系统 {kind.purpose} 的密钥签发的。",
            f"The certificate is not for the key {kind.purpose} of this system; use the request that it made.",
        )
        raise CertificateRefused(text, field="certificate")

    async def _keep(
        self, certificate: x509.Certificate, issuer: x509.Certificate, kind: AuthorityKind | None
    ) -> CertificateRecord:
        """Enter it in the register, unless it is there; of several workers one does it."""
        key_id = key_id_of(certificate.public_key.dump())
        now = self._clock.now()
        if kind is not None:
            await self._store.add_authority(key_id, kind.name, moment=now)
        while True:
            known = await self._store.of_key(key_id)
            found = next((one for one in known if one.der == certificate.dump()), None)
            if found is not None:
                break
            record = record_of(
                certificate,
                issuer=ROOT_KIND.name if kind is None else kind.root,
                issuer_key_id=key_id_of(issuer.public_key.dump()),
                profile="issuing" if kind is None else kind.profile.name,
                purpose=_ABOVE if kind is None else kind.purpose,
                subject_key_id=key_id,
                edition=known[0].edition + 1 if known else 1,
                created_at=now,
            )
            await self._store.add(record)
        await self._store.touch(key_id)
        return found


def _issuing_kind(name: str) -> AuthorityKind:
    kind = EVERY_AUTHORITY.get(name)
    if kind is None or kind.is_root:
        raise AuthorityUnknown
    return kind


def _not_national() -> CertificateRefused:
    text = Text(
        "国密签发机构的密钥只能用 SM2。", "A national authority's key is by SM2; leave the algorithm out, or say so."
    )
    return CertificateRefused(text, field="algorithm")


def _check_profile(certificate: x509.Certificate, kind: AuthorityKind) -> None:
    """What our authorities must be able to do; an issuer may say more (its own policies, addresses)."""
    usage = certificate.key_usage_value
    constraints = certificate.basic_constraints_value
    if usage is None or constraints is None or not constraints["ca"].native:
        raise ChainRefused("it does not say that it is an authority")
    if not kind.profile.key_usage <= usage.native:  # it signs its revocation lists itself
        raise ChainRefused("it must be for signing certificates and revocation lists")
    if certificate.key_identifier is None:  # RFC 5280 §4.2.1.2
        raise ChainRefused("it has no subject key identifier")
