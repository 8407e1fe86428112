"""Signatures with what the register knows, and what that and later revisions mean for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyhanko.pdf_utils.reader import PdfFileReader

from core.text import Text
from keys.trust.judgement import Judgement
from signing.verification.findings import SignatureFinding
from signing.verification.later_revisions import APPENDED, later_fault
from signing.verification.report import Check, Fault, KnownSeal


@dataclass(frozen=True, slots=True)
class Judged:
    """A signature with every fault found so far, and what is known of its signer's certificate."""

    finding: SignatureFinding
    seal: KnownSeal | None
    faults: tuple[Fault, ...]
    signer: Judgement | None = None

    @property
    def trusted(self) -> bool:
        """True if all is well up to the end of its own revision."""
        return all(fault.check is Check.LATER for fault in self.faults)


def register_fault(seal: KnownSeal | None) -> Fault | None:
    """Step 7: a seal that is no longer in use needs a record that it was used before."""
    if seal is None or seal.status == "active":
        return None
    if seal.recorded_at is not None and (seal.revoked_at is None or seal.recorded_at <= seal.revoked_at):
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


def with_later_faults(content: bytes, reader: PdfFileReader, judged: Sequence[Judged]) -> list[Judged]:
    """Step 8 for the signatures that are intact. A later intact signature accounts for the revisions it covers;
    whether its signer can be trusted is judged with that signature, and the worst of all counts."""
    ends = [(one.finding.covered.until, one.finding.revision) for one in judged if one.finding.covered and _intact(one)]
    if not ends:
        return list(judged)
    until, last_signed = max(ends)
    return [_with_later_fault(content, reader, one, until, last_signed) for one in judged]


def _with_later_fault(content: bytes, reader: PdfFileReader, one: Judged, until: int, last_signed: int) -> Judged:
    covered, dictionary = one.finding.covered, one.finding.dictionary
    if covered is None or dictionary is None or not _intact(one) or covered.until == len(content):
        return one
    if _tail_is_hidden(content, reader, until, last_signed):
        return replace(one, faults=(*one.faults, APPENDED))
    try:
        fault = later_fault(reader, dictionary, revision=one.finding.revision, last_signed=last_signed)
    except Exception:  # a parser may throw anything at hostile bytes
        fault = APPENDED
    return replace(one, faults=(*one.faults, fault)) if fault else one


def _tail_is_hidden(content: bytes, reader: PdfFileReader, until: int, last_signed: int) -> bool:
    """True if bytes follow the last signed revision that are not a revision by the file's own tables."""
    if until == len(content):
        return False
    return last_signed >= reader.total_revisions - 1 or not content.rstrip(b"\r\n").endswith(b"%%EOF")


def _intact(one: Judged) -> bool:
    return one.finding.intact and one.finding.container is not None


def good_until(judged: Sequence[Judged]) -> int | None:
    """Index of the last signature, in order of their revisions, up to whose end the file can be relied on."""
    last = None
    for index, one in enumerate(judged):
        if not one.trusted:
            break
        last = index
        if one.faults:  # it is good itself, but what follows it is not
            break
    return last
