"""What the service answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed PDF, and the name of its entry in the ledger.

    Attributes:
        level: the one that it has, e.g. `PAdES-B-T`; of SM2 signatures `SM2-SES` or `SM2-CMS`; empty for a file that
            stayed here.
    """

    content: bytes = field(repr=False)
    signature_id: str
    level: str = ""


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
class StampStep:
    """One of the ten steps by which a national e-seal stamp is judged (GB/T 38540).

    Attributes:
        id: which step, e.g. `seal-signature`, `signer-listed`, `digest`.
        state: `good`, `bad`, `unknown` (cannot be told now) or `skipped`.
        reason: a short stable word; None where the step is good or was skipped.
        text: a sentence for people, in Chinese.
    """

    number: int
    id: str
    state: str
    reason: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said about a file.

    Attributes:
        genuine: every signature holds, and nothing that matters was added afterwards.
        conclusion: one word, e.g. `genuine`, `changed`, `unknown-signer`, `not-signed`.
        indication, sub_indication: after ETSI EN 319 102-1.
        text: a sentence for people, in Chinese.
        refusal: why an OFD is not read at all, a short stable word; None for one that is, and for PDFs.
        report: all of it, as the service tells it.
    """

    conclusion: str
    indication: str
    sub_indication: str | None
    text: str
    report: Mapping[str, Any] = field(repr=False)

    @property
    def refusal(self) -> str | None:
        found: str | None = self.report.get("refusal")
        return found

    @property
    def genuine(self) -> bool:
        return self.conclusion == "genuine" and self.indication == "TOTAL-PASSED"

    def stamp_steps(self, signature: int = 0) -> tuple[StampStep, ...]:
        """The ten steps of a signature's national stamp; none where it has no such stamp.

        Args:
            signature: which, from 0, in the order of `report["signatures"]`.
        """
        stamp = self.report["signatures"][signature].get("national_stamp")
        return tuple(
            StampStep(one["number"], one["id"], one["state"], one["reason"], one["text"]["zh"])
            for one in (stamp["steps"] if stamp else ())
        )


def verdict_of(report: Mapping[str, Any]) -> Verdict:
    """From `POST /v1/signature-verifications`."""
    return Verdict(
        conclusion=str(report["conclusion"]),
        indication=str(report["indication"]),
        sub_indication=report["sub_indication"],
        text=str(report["text"]["zh"]),
        report=report,
    )
