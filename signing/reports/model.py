"""What a verification leaves behind for whoever asked: a report to read, and the same for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.principal import Principal, PrincipalKind

REPORTS = Principal(PrincipalKind.SYSTEM, "verification-reports")
"""Who seals reports: the service itself, under a grant that the seal's custodian gives it."""

REPORT_CLASS = "verification-report"
"""The class of document that this grant must name."""


@dataclass(frozen=True, slots=True)
class Findings:
    """A verification, as reports are made of it; small enough to keep until somebody wants one.

    Attributes:
        told: what the readable report says, as data of JSON.
        etsi: the report for machines, not signed.
    """

    told: Mapping[str, Any] = field(repr=False)
    etsi: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it leaves the house.

    Attributes:
        signature_id: the ledger's entry for the seal on it; None when it is not sealed, and then it says so itself.
        level: how long that signature lasts; None when it is not sealed.
    """

    content: bytes = field(repr=False)
    signature_id: str | None = None
    level: str | None = None

    @property
    def sealed(self) -> bool:
        return self.signature_id is not None
