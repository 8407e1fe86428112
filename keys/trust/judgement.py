"""What can be said about a certificate (after ETSI EN 319 102-1 §5.2.6): a result, never an exception."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from core.text import Text
from keys.trust.faults import Fault
from keys.trust.model import Assurance, Service, TrustEntry

Source = Literal["own-register", "ocsp", "crl", "not-needed"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found out about the revocation of one certificate.

    Attributes:
        source: who said so; `not-needed` for a responder that its authority exempts (RFC 6960 §4.2.2.2.1).
        produced_at: as of when the answer speaks.
        revoked_at: None while it is good.
        reason: CRLReason by its RFC 5280 name.
        encoded: the OCSP answer or the CRL itself, for whoever keeps it with a document; empty for our own register.
    """

    certificate: str  # SHA-256, hexadecimal
    source: Source
    produced_at: dt.datetime
    revoked_at: dt.datetime | None = None
    reason: str | None = None
    encoded: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one certificate, for one service, at one moment.

    Attributes:
        fault: None when the certificate can be relied on.
        path: DER, the certificate first, the anchor last; empty when there is none.
        entry: the list's entry that vouches for it.
        evidence: one for each certificate of the path below the anchor, as far as it was looked for.
    """

    service: Service
    moment: dt.datetime
    fault: Fault | None
    path: tuple[bytes, ...] = field(default=(), repr=False)
    entry: TrustEntry | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def good(self) -> bool:
        return self.fault is None

    @property
    def sub_indication(self) -> str | None:
        return self.fault.sub_indication if self.fault else None

    @property
    def assurance(self) -> Assurance | None:
        """How sure the authority is of whom it certified; None unless the certificate is good."""
        return self.entry.assurance if self.entry and self.good else None

    @property
    def vouches(self) -> Text | None:
        """Who vouches for the certificate."""
        return self.entry.name if self.entry else None
