"""A seal as a credential (CSC API v2 §11.4, §11.5): what a caller may use, and what software must know of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509

from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import AppError
from core.principal import Principal, PrincipalKind
from keys.ports import KeyProvider
from keys.spec import ALGORITHMS, SignatureAlgorithm
from keys.verification import load_verification_key
from signing.csc.activation import MOST_HASHES
from signing.csc.names import bad_parameter
from signing.model import GranteeKind, GrantForm, Seal, SealGrant, SealStatus
from signing.policy import grants_for
from signing.ports import SealStore

DOCUMENT_CLASS = "document"
"""What is sealed by way of this interface, which has no word for classes; grants must cover it."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A seal that the caller may use.

    Attributes:
        code: of the seal; the credential's name.
        most: hashes that one authorisation may name.
        algorithm: of the key; None while the key is not there.
        implicit: the caller authorises it at `credentials/authorize`; otherwise its holder does, by OAuth.
    """

    seal: Seal = field(repr=False)
    code: str
    forms: frozenset[GrantForm]
    most: int
    algorithm: SignatureAlgorithm | None
    bits: int
    implicit: bool

    @property
    def usable(self) -> bool:
        return self.seal.status is SealStatus.ACTIVE and self.algorithm is not None

    @property
    def digest(self) -> str:
        return ALGORITHMS[self.algorithm].digest if self.algorithm else ""


class Credentials:
    """Looks up what a caller holds grants for; nothing tells whether there are others."""

    def __init__(self, database: Database, store: SealStore, keys: KeyProvider, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._keys = keys
        self._clock = clock

    async def of(self, actor: Principal, *, after: str | None = None, limit: int = 100) -> Sequence[Credential]:
        """By code, from the one after `after`; of seals that have ended none."""
        async with self._database.read() as tx:
            given = await self._store.granted_to(tx, _names(actor))
            ids = sorted({grant.seal_id for grant in given})
            seals = [await self._store.seal(tx, one) for one in ids]
        found = [self._credential(seal, given, actor) for seal in seals if seal is not None]
        shown = sorted((one for one in found if one is not None), key=lambda one: one.code)
        return [one for one in shown if after is None or one.code > after][:limit]

    async def get(self, code: str, actor: Principal) -> Credential:
        """
        Raises:
            core.errors.InvalidInput: `csc-parameter`: also for a seal that the caller may not use.
        """
        async with self._database.read() as tx:
            seal = await self._store.seal_of_code(tx, code)
            given = await self._store.grants_of(tx, seal.id) if seal else []
        found = self._credential(seal, given, actor) if seal else None
        if found is None:
            raise bad_parameter("credentialID")
        return found

    def _credential(self, seal: Seal, given: Sequence[SealGrant], actor: Principal) -> Credential | None:
        if seal.status not in (SealStatus.ACTIVE, SealStatus.SUSPENDED):
            return None
        today = calendar_day(self._clock.now())
        forms: dict[GrantForm, int] = {}
        for form in GrantForm:
            grants = grants_for(actor, seal, given, document_class=DOCUMENT_CLASS, today=today, form=form)
            # the interface has no way to name an approved request
            left = [_left(grant) for grant in grants if not grant.approval and not grant.spent]
            if left:
                forms[form] = min(sum(left), MOST_HASHES)
        if not forms:
            return None
        algorithm, bits = self._key(seal)
        implicit = actor.kind is PrincipalKind.CLIENT
        return Credential(seal, seal.code, frozenset(forms), max(forms.values()), algorithm, bits, implicit)

    def _key(self, seal: Seal) -> tuple[SignatureAlgorithm | None, int]:
        try:
            signer = self._keys.signer(seal.key_purpose)
        except AppError:
            return None, 0
        return signer.algorithm, load_verification_key(signer.public_key, signer.algorithm).bits


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What the interface tells of a certificate in words (CSC API v2 §11.5)."""

    issuer: str
    subject: str
    serial: str
    valid_from: dt.datetime
    valid_to: dt.datetime


def certificate_facts(der: bytes) -> CertificateFacts:
    certificate = x509.load_der_x509_certificate(der)
    return CertificateFacts(
        certificate.issuer.rfc4514_string(),
        certificate.subject.rfc4514_string(),
        f"{certificate.serial_number:x}",
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )


def _left(grant: SealGrant) -> int:
    return MOST_HASHES if grant.max_uses is None else grant.max_uses - grant.uses


def _names(actor: Principal) -> list[tuple[GranteeKind, str]]:
    if actor.kind is PrincipalKind.CLIENT:
        return [(GranteeKind.CLIENT, actor.id)]
    roles = [(GranteeKind.ROLE, role) for role in sorted(actor.roles)]
    return [(GranteeKind.ACCOUNT, actor.id), *roles]
