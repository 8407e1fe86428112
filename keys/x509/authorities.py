"""Our authorities in memory: their certificates, the paths above them, and which of their keys issues now.

An authority may have had several keys. The active one in the key ring issues; those before it still sign lists and
let their responders answer until everything they issued is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asn1crypto import x509

from keys.errors import KeyMissing, KeyStoreDamaged
from keys.ports import Signer
from keys.x509.model import AuthorityRow, CertificateRecord, CertificateStatus
from keys.x509.ports import AuthorityKeys, CertificateStore
from keys.x509.profiles import (
    EVERY_AUTHORITY,
    ISSUING_NAMES,
    NATIONAL_ISSUING_NAMES,
    AuthorityKind,
)

_LONGEST_PATH = 6


@dataclass(frozen=True, slots=True)
class Authority:
    """One key of an authority, with its certificate.

    Attributes:
        slug: its name in addresses.
        above: certificates of its issuers, DER, the root last; empty for a root.
    """

    row: AuthorityRow
    record: CertificateRecord
    certificate: x509.Certificate = field(repr=False)
    above: tuple[bytes, ...] = field(repr=False)

    @property
    def slug(self) -> str:
        return self.row.slug

    @property
    def key_id(self) -> str:
        return self.row.key_id

    @property
    def kind(self) -> AuthorityKind:
        return EVERY_AUTHORITY[self.row.name]

    @property
    def der(self) -> bytes:
        return self.record.der

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Its certificate and those above it, DER, the root last."""
        return (self.der, *self.above)

    @property
    def public_key(self) -> bytes:
        encoded: bytes = self.certificate.public_key.dump()
        return encoded


class Authorities:
    """Finds authorities without input or output once `load` has run; `refresh` follows what other workers change."""

    def __init__(self, keys: AuthorityKeys, store: CertificateStore) -> None:
        self._keys = keys
        self._store = store
        self._by_key: dict[str, Authority] = {}
        self._by_slug: dict[str, Authority] = {}
        self._roots: tuple[bytes, ...] = ()
        self._rows: Sequence[AuthorityRow] = ()

    async def load(self) -> None:
        """Read all authorities.

        Raises:
            KeyStoreDamaged: a stored certificate is not for its key.
        """
        rows = await self._store.authorities()
        records = [one for one in await self._store.of_authorities() if one.status is CertificateStatus.GOOD]
        newest: dict[str, CertificateRecord] = {}
        for record in records:  # the latest edition of each key comes first
            newest.setdefault(record.subject_key_id, record)
        found = [_authority(row, newest) for row in rows if row.key_id in newest]
        for authority in found:
            self._check_key(authority)
        self._by_key = {one.key_id: one for one in found}
        self._by_slug = {one.slug: one for one in found}
        roots = {kind.purpose for kind in EVERY_AUTHORITY.values() if kind.is_root}
        self._roots = tuple(one.der for one in newest.values() if one.purpose in roots)
        self._rows = rows

    async def refresh(self) -> Sequence[AuthorityRow]:
        """Look whether anything has moved, and load again if so; answers today's rows."""
        rows = await self._store.authorities()
        if rows != self._rows:
            await self.load()
        return self._rows

    def all(self) -> Sequence[Authority]:
        """Every key of every authority that has a good certificate."""
        return list(self._by_key.values())

    def of_slug(self, slug: str) -> Authority | None:
        return self._by_slug.get(slug)

    def of_key(self, key_id: str) -> Authority | None:
        return self._by_key.get(key_id)

    def issuing(self, name: str) -> Authority:
        """The authority of this name with the key that issues now.

        Raises:
            KeyMissing: it has no key, or its key has no certificate.
        """
        purpose = EVERY_AUTHORITY[name].purpose
        found = self._by_key.get(self._keys.signer(purpose).key_id)
        if found is None:
            raise KeyMissing(purpose)
        return found

    def missing(self, *, national: bool = False) -> list[str]:
        """Names of authorities that cannot issue: no key, or no certificate for it.

        Args:
            national: those with national algorithms too.
        """
        wanted = ISSUING_NAMES + (NATIONAL_ISSUING_NAMES if national else ())
        return [name for name in wanted if not self._can_issue(name)]

    def signer(self, authority: Authority) -> Signer:
        """Its key, while the ring holds it.

        Raises:
            KeyMissing: the key is elsewhere (an offline root) or retired.
        """
        return self._keys.signer_of(authority.key_id)

    def roots(self) -> Sequence[bytes]:
        """Certificates of our roots, DER."""
        return self._roots

    def _can_issue(self, name: str) -> bool:
        try:
            self.issuing(name)
        except KeyMissing:
            return False
        return True

    def _check_key(self, authority: Authority) -> None:
        try:
            signer = self._keys.signer_of(authority.key_id)
        except KeyMissing:
            return  # an offline root
        if signer.public_key != authority.public_key:
            raise KeyStoreDamaged(f"the certificate of {authority.slug} is for another key")


def _authority(row: AuthorityRow, newest: dict[str, CertificateRecord]) -> Authority:
    record = newest[row.key_id]
    above: list[bytes] = []
    below = record
    while below.issuer_key_id != below.subject_key_id and len(above) < _LONGEST_PATH:
        issuer = newest.get(below.issuer_key_id)
        if issuer is None:
            break  # its root is revoked or was taken away: whoever checks the path will say so
        above.append(issuer.der)
        below = issuer
    return Authority(row, record, x509.Certificate.load(record.der), tuple(above))
