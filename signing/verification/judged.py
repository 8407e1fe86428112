"""Signatures with what the register knows, and what that and later revisions mean for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.text import Text
from keys.trust.judgement import Judgement
from signing.eseal.judge import StampVerdict
from signing.levels import Level
from signing.profiles import INNER
from signing.verification.findings import FileFindings, SignatureFinding
from signing.verification.later_revisions import CHANGED
from signing.verification.proven_times import FileTimes, JudgedStamp, SignatureTimes
from signing.verification.report import Check, Fault, KnownSeal, RevisionReport


@dataclass(frozen=True, slots=True)
class Judged:
    """A signature with every fault found so far, what is known of its signer's certificate, and when it existed.

    Attributes:
        level: by what is in the file; None where levels have no meaning.
        stamp: the ten steps of a national stamp, where it is one.
    """

    finding: SignatureFinding
    seal: KnownSeal | None
    faults: tuple[Fault, ...]
    signer: Judgement | None = None
    times: SignatureTimes | None = None
    level: Level | None = None
    stamp: StampVerdict | None = None

    @property
    def trusted(self) -> bool:
        """True if all is well up to the end of its own revision."""
        return all(fault.check is Check.LATER for fault in self.faults)


def register_fault(seal: KnownSeal | None, stamped_at: dt.datetime | None = None) -> Fault | None:
    """Step 7: a seal that is no longer in use needs a record that it was used before, or a time-stamp that proves it.

    Args:
        stamped_at: when the signature existed by a time-stamp that counts.
    """
    if seal is None or seal.status == "active":
        return None
    if seal.recorded_at is not None and (seal.revoked_at is None or seal.recorded_at <= seal.revoked_at):
        return None
    if stamped_at is not None and seal.revoked_at is not None and stamped_at <= seal.revoked_at:
        return None
    if seal.status == "suspended":
        return Fault(
            Check.REGISTER,
            "TRY_LATER",
            Text("印章现在停用，又没有这次用印的记录。", "The seal is suspended, and this use is not on record."),
        )
    return Fault(
        Check.REGISTER,
        "REVOKED_NO_POE",
        Text(
            "印章已注销，又没有记录证明这次用印在注销之前。",
            "The seal was cancelled, and nothing proves that it was used before.",
        ),
    )


def with_inner_uses(found: FileFindings, seals: Sequence[KnownSeal | None]) -> list[KnownSeal | None]:
    """The seals, the inner signature of a dual file on record with the outer one: the ledger has one use for both.

    The name of the inner field holds the number of the use, which nobody knew before we made it.
    """
    used = {
        finding.field: seal
        for finding, seal in zip(found.signatures, seals, strict=True)
        if seal is not None and seal.recorded_at is not None
    }
    out: list[KnownSeal | None] = []
    for finding, seal in zip(found.signatures, seals, strict=True):
        outer = used.get(finding.field.removesuffix(INNER)) if finding.field.endswith(INNER) else None
        if seal is not None and seal.recorded_at is None and outer is not None and outer.id == seal.id:
            seal = replace(seal, recorded_at=outer.recorded_at)
        out.append(seal)
    return out


def _intact(one: Judged) -> bool:
    return one.finding.intact and one.finding.container is not None


def good_until(judged: Sequence[Judged], revisions: Sequence[RevisionReport] = ()) -> int | None:
    """Index of the last signature, in order of their revisions, up to whose end the file can be relied on.

    Args:
        revisions: what follows the first signature; where they are told, a signature that is followed by what it does
            not permit still has good ones after it, as long as they come before that.
    """
    last = None
    refused = min((one.number - 1 for one in revisions if not one.allowed or one.visible), default=0)
    for index, one in enumerate(judged):
        if not one.trusted:
            break
        if last is not None and judged[last].faults and one.finding.revision >= refused:
            break
        last = index
    return last


def with_forged_stamps(judged: Sequence[Judged], times: FileTimes, found: FileFindings) -> list[Judged]:
    """Step 8 again: a document time-stamp that nobody made over these bytes means that what it covers was tampered
    with. One by an authority that is only unknown here proves nothing, and does no harm."""
    forged = [
        (finding.covered.until if finding.covered else 0, stamp)
        for stamp, finding in zip(times.documents, found.timestamps, strict=True)
        if stamp.forged
    ]
    return [_with_forged_stamp(one, forged) for one in judged]


def _with_forged_stamp(one: Judged, forged: Sequence[tuple[int, JudgedStamp]]) -> Judged:
    covered = one.finding.covered
    for until, stamp in forged:
        if covered is not None and _intact(one) and (until == 0 or until > covered.until):
            text = stamp.report.reason or CHANGED.text
            return replace(one, faults=(*one.faults, Fault(Check.LATER, "FORMAT_FAILURE", text)))
    return one
