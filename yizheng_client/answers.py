"""What the service answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed PDF, and the name of its entry in the ledger."""

    content: bytes = field(repr=False)
    signature_id: str


@dataclass(frozen=True, slots=True)
class Extended:
    """A sealed PDF that lasts longer now.

    Attributes:
        level: the one that it has, e.g. `PAdES-B-LTA`.
        renew_by: when its last time-stamp stops counting, ISO 8601; None when it has none.
    """

    content: bytes = field(repr=False)
    level: str
    renew_by: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """A report of a verification, as a file.

    Attributes:
        sealed: whether the service's operator has sealed it; one that is not proves nothing to anybody else.
    """

    content: bytes = field(repr=False)
    sealed: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said about a file.

    Attributes:
        genuine: every signature holds, and nothing that matters was added afterwards.
        conclusion: one word, e.g. `genuine`, `changed`, `unknown-signer`, `not-signed`.
        indication, sub_indication: after ETSI EN 319 102-1.
        text: a sentence for people, in Chinese.
        report: all of it, as the service tells it.
    """

    conclusion: str
    indication: str
    sub_indication: str | None
    text: str
    report: Mapping[str, Any] = field(repr=False)

    @property
    def genuine(self) -> bool:
        return self.conclusion == "genuine" and self.indication == "TOTAL-PASSED"


def verdict_of(report: Mapping[str, Any]) -> Verdict:
    """From `POST /v1/signature-verifications`."""
    return Verdict(
        conclusion=str(report["conclusion"]),
        indication=str(report["indication"]),
        sub_indication=report["sub_indication"],
        text=str(report["text"]["zh"]),
        report=report,
    )
