"""What a cell says of a file, and what is made of it outside.

The cell (`signing.isolation`) reads the file's structure, which takes a parser that anything may happen to: which
signatures there are, where they stand, what was added after them. It answers with places and plain values. Outside,
everything that makes a signature one is checked over again from those places (steps 2 to 5 of `report.Check`): the
range byte by byte, the container, the digest of the covered bytes, the value. So a file that took its cell over could
at most lie about the revisions that follow a genuine signature; it cannot make a signature.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pyhanko.pdf_utils.reader import PdfFileReader

from core.files.scratch import FileBytes
from signing.isolation.task import Task
from signing.pades.attachments import attachments
from signing.pades.security_store import ValidationData
from signing.verification.byte_range import RangeBroken, covered_range
from signing.verification.findings import (
    FileFindings,
    SignatureFinding,
    State,
    TimestampFinding,
    find,
    with_container,
    with_token,
)
from signing.verification.later_faults import with_later_faults
from signing.verification.report import Check, Fault, RevisionReport
from signing.verification.revisions import told_revisions
from signing.verification.traits import Trait, traits_of


class FactsDoNotFit(Exception):
    """What was said of a file is not true of it."""


@dataclass(frozen=True, slots=True)
class SignatureFact:
    """Where a signature stands, and what only the file's structure can tell of it.

    Attributes:
        offset: of its dictionary; -1 when that is no object of its own, or cannot be read: `faults` say why.
        faults: of steps 2 and 8, and of step 3 where the dictionary cannot be read.
        revision: number of the covered revision, from 0.
    """

    field: str
    offset: int
    faults: tuple[Fault, ...]
    profile: str | None = None
    claimed_time: dt.datetime | None = None
    reason: str | None = None
    revision: int = -1


@dataclass(frozen=True, slots=True)
class StoreFact:
    """Validation data of a revision, each as its number among the file's values."""

    certificates: tuple[int, ...] = ()
    answers: tuple[int, ...] = ()
    lists: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TimestampFact:
    """The same of a document time-stamp; `store` is that of the covered revision."""

    field: str
    offset: int
    faults: tuple[Fault, ...]
    revision: int = -1
    store: StoreFact = StoreFact()


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file as `FileFindings` has it, without what is checked again outside.

    Attributes:
        values: certificates, OCSP responses and revocation lists, each once.
        attached: files that it carries, if its last revision is a signed one; None if that is to be asked for.
        later: the revisions that follow its first signature.
        traits: of a file that has signatures.
    """

    state: State
    traces: bool
    revisions: int
    signatures: tuple[SignatureFact, ...] = ()
    timestamps: tuple[TimestampFact, ...] = ()
    values: tuple[bytes, ...] = field(default=(), repr=False)
    store: StoreFact = StoreFact()
    attached: dict[str, bytes] | None = field(default=None, repr=False)
    later: tuple[RevisionReport, ...] = ()
    traits: tuple[Trait, ...] = ()


def read_facts(content: FileBytes) -> FileFacts:
    """Inside: everything that takes the file's structure."""
    found, reader = find(content)
    if reader is None:
        return FileFacts(found.state, found.traces, found.revisions)
    found = replace(found, signatures=with_later_faults(content, reader, found.signatures, found.timestamps))
    values = _Values()
    return FileFacts(
        found.state,
        found.traces,
        found.revisions,
        tuple(_signature_fact(one) for one in found.signatures),
        tuple(_timestamp_fact(one, values) for one in found.timestamps),
        store=values.numbered(found.store),
        values=tuple(values.numbers),
        attached=_attached(content, reader, found),
        later=told_revisions(reader, found.signatures, found.timestamps),
        traits=_traits(content, reader) if found.signatures else (),
    )


def _traits(content: FileBytes, reader: PdfFileReader) -> tuple[Trait, ...]:
    try:
        return traits_of(content, reader)
    except MemoryError:
        raise
    except Exception:  # a parser may throw anything at hostile bytes
        return ()


def read_attachments(content: FileBytes) -> dict[str, bytes]:
    """Inside: the files that a signed revision carries; none if they cannot be read."""
    return _attachments(content, None)


FACTS = Task(read_facts, FileFacts)
ATTACHMENTS = Task(read_attachments, dict[str, bytes])


def findings_of(content: FileBytes, facts: FileFacts) -> FileFindings:
    """Outside: the findings, with all that makes a signature one checked again.

    Raises:
        FactsDoNotFit: nothing stands where a signature was said to stand.
    """
    return FileFindings(
        facts.state,
        tuple(_signature(content, fact) for fact in facts.signatures),
        traces=facts.traces,
        revisions=facts.revisions,
        timestamps=tuple(_timestamp(content, fact, facts.values) for fact in facts.timestamps),
        store=_store(facts.store, facts.values),
    )


class _Values:
    """Gives each value a number."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}

    def numbered(self, store: ValidationData) -> StoreFact:
        return StoreFact(self._all(store.certificates), self._all(store.answers), self._all(store.lists))

    def _all(self, values: Iterable[bytes]) -> tuple[int, ...]:
        return tuple(self.numbers.setdefault(value, len(self.numbers)) for value in values)


def _signature_fact(found: SignatureFinding) -> SignatureFact:
    faults = tuple(fault for fault in found.faults if found.offset < 0 or fault.check in (Check.RANGE, Check.LATER))
    return SignatureFact(
        _plain(found.field),
        found.offset,
        faults,
        found.profile,
        _utc(found.claimed_time) if found.offset >= 0 else None,
        None if found.reason is None else _plain(found.reason),
        found.revision,
    )


def _timestamp_fact(found: TimestampFinding, values: _Values) -> TimestampFact:
    faults = tuple(fault for fault in found.faults if found.offset < 0 or fault.check is Check.RANGE)
    return TimestampFact(_plain(found.field), found.offset, faults, found.revision, values.numbered(found.store))


def _plain(text: str) -> str:
    """A text that can be written down: half a surrogate pair cannot."""
    return text.encode("utf-8", "replace").decode()


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    try:
        return None if moment is None else moment.astimezone(dt.UTC)
    except OverflowError:  # before the year 1, or after 9999
        return None


def _attached(content: FileBytes, reader: PdfFileReader, found: FileFindings) -> dict[str, bytes] | None:
    intact = [one.covered.until for one in found.signatures if one.covered and one.intact]
    return _attachments(content, reader) if intact and max(intact) == len(content) else None


def _attachments(content: FileBytes, reader: PdfFileReader | None) -> dict[str, bytes]:
    try:
        return {_plain(name): data for name, data in attachments(content, reader).items()}
    except MemoryError:
        raise
    except Exception:  # a parser may throw anything at hostile bytes
        return {}


def _signature(content: FileBytes, fact: SignatureFact) -> SignatureFinding:
    if fact.offset < 0:
        return SignatureFinding(fact.field, None, fact.faults)
    before = tuple(fault for fault in fact.faults if fault.check is not Check.LATER)
    later = tuple(fault for fault in fact.faults if fault.check is Check.LATER)
    try:
        covered = covered_range(content, fact.offset)
    except RangeBroken as e:
        raise FactsDoNotFit from e
    finding = with_container(
        content,
        SignatureFinding(
            fact.field,
            fact.profile,
            before,
            covered=covered,
            claimed_time=fact.claimed_time,
            reason=fact.reason,
            revision=fact.revision,
            offset=fact.offset,
        ),
    )
    return replace(finding, faults=(*finding.faults, *later))


def _timestamp(content: FileBytes, fact: TimestampFact, values: tuple[bytes, ...]) -> TimestampFinding:
    if fact.offset < 0:
        return TimestampFinding(fact.field, fact.faults)
    try:
        covered = covered_range(content, fact.offset)
    except RangeBroken as e:
        raise FactsDoNotFit from e
    finding = TimestampFinding(
        fact.field, (), covered, revision=fact.revision, offset=fact.offset, store=_store(fact.store, values)
    )
    found = with_token(content, finding)
    return replace(found, faults=(*fact.faults, *found.faults))


def _store(fact: StoreFact, values: tuple[bytes, ...]) -> ValidationData:
    def pick(numbers: tuple[int, ...]) -> tuple[bytes, ...]:
        if any(not 0 <= number < len(values) for number in numbers):
            raise FactsDoNotFit
        return tuple(values[number] for number in numbers)

    return ValidationData(pick(fact.certificates), pick(fact.answers), pick(fact.lists))
