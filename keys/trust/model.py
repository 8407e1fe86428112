"""What a trust list says: authorities, for what, from when to when, with what assurance (ETSI TS 119 612 §5.5)."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from core.text import Text
from keys.spec import Use


class Service(StrEnum):
    """What certificates of an authority are accepted for."""

    DOCUMENTS = "documents"  # seals and signatures on documents
    LOGIN = "login"  # persons who log in with a certificate
    TIMESTAMPS = "timestamps"  # time-stamping units
    MACHINES = "machines"  # TLS clients: departments' systems
    OCSP = "ocsp"  # responders that answer for this authority's certificates

    @property
    def uses(self) -> frozenset[Use]:
        """What its signatures count as in the algorithm table: any of these."""
        return _USES[self]


_USES = {
    Service.DOCUMENTS: frozenset({Use.DOCUMENT, Use.ESEAL}),
    Service.LOGIN: frozenset({Use.LOGIN}),
    Service.TIMESTAMPS: frozenset({Use.TIMESTAMP}),
    Service.MACHINES: frozenset({Use.LOGIN}),
    Service.OCSP: frozenset({Use.REVOCATION}),
}


class Assurance(StrEnum):
    """How sure an authority is of whom it certifies, weakest first (Regulation (EU) 910/2014 art. 8 has the like)."""

    LOW = "low"
    SUBSTANTIAL = "substantial"
    HIGH = "high"

    @property
    def rank(self) -> int:
        return list(Assurance).index(self)


class Standing(StrEnum):
    """Whether the supervisory body stands behind an authority (TS 119 612 §5.5.4)."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Period:
    """From this moment until the next period begins, the authority has this standing."""

    standing: Standing
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class TrustEntry:
    """One authority for one set of services.

    Attributes:
        certificate: the authority's own certificate, DER: a root, or an issuing authority by itself.
        services: what it is accepted for; empty for an entry of an unknown kind that is kept and never trusted.
        periods: its history, oldest first; before the first one it was not trusted.
        also_extended: extended key usages (OIDs) that its certificates may have instead of the service's own one: many
            authorities do not know documentSigning (RFC 9336) yet.
        territory: ISO 3166-1 code, or the name of a province as the list has it.
        kind: service type identifier of TS 119 612 as it was read; empty for entries of our own making.
    """

    certificate: bytes = field(repr=False)
    name: Text
    services: frozenset[Service]
    assurance: Assurance
    periods: tuple[Period, ...]
    also_extended: frozenset[str] = frozenset()
    territory: str = "CN"
    kind: str = ""

    @property
    def id(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return hashlib.sha256(self.certificate).hexdigest()

    def standing_at(self, moment: dt.datetime) -> Standing:
        """What counted at the moment; withdrawn before the history begins."""
        begun = [period for period in self.periods if period.since <= moment]
        return begun[-1].standing if begun else Standing.WITHDRAWN


@dataclass(frozen=True, slots=True)
class TrustList:
    """A list as its publisher issued it.

    Attributes:
        publisher: who runs the scheme; with `territory` it tells lists apart.
        sequence: grows with every change (TS 119 612 §5.3.4).
        next_update: after this moment the list says nothing any more.
    """

    publisher: Text
    territory: str
    sequence: int
    issued_at: dt.datetime
    next_update: dt.datetime
    entries: tuple[TrustEntry, ...]
