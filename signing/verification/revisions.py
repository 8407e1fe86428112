"""The story of a file after it was first signed: each revision, who answers for it, what it changes, whether it may."""

from __future__ import annotations

from collections.abc import Sequence

from pyhanko.pdf_utils.reader import PdfFileReader

from signing.verification.changed_objects import changed_objects, plain
from signing.verification.findings import SignatureFinding, TimestampFinding
from signing.verification.later_revisions import ANNOTATED, CHANGED, Last, Rules, rules_of, step_fault
from signing.verification.report import Fault, ObjectChange, RevisionReport

_MOST = 40


def told_revisions(
    reader: PdfFileReader, signatures: Sequence[SignatureFinding], stamps: Sequence[TimestampFinding]
) -> tuple[RevisionReport, ...]:
    """What follows the first signature that is intact, judged by what that signature permits; none without one.

    Each revision is compared with the one before it, so that each answers for itself alone.
    """
    intact = [one for one in signatures if one.intact and one.covered and one.dictionary is not None]
    if not intact:
        return ()
    first = min(intact, key=lambda one: one.revision)
    assert first.dictionary is not None
    stamped = [one for one in stamps if one.intact and one.covered]
    signed = max(one.revision for one in intact)
    last = Last(signed, max([signed, *(one.revision for one in stamped)]))
    rules = rules_of(first.dictionary, last)
    ends = {one.revision: ("timestamp", one.field) for one in stamps} | {
        one.revision: ("signature", one.field) for one in signatures
    }
    numbers = range(first.revision + 1, reader.total_revisions)[:_MOST]
    return tuple(_told(reader, number, rules, ends.get(number, ("nobody", None))) for number in numbers)


def _told(reader: PdfFileReader, number: int, rules: Rules, ends: tuple[str, str | None]) -> RevisionReport:
    fault = _fault(reader, number, rules)
    return RevisionReport(
        number=number + 1,
        by=ends[0],  # type: ignore[arg-type]  # one of the three
        field=plain(ends[1]) if ends[1] else None,
        allowed=fault is None or fault is ANNOTATED,
        visible=fault is ANNOTATED,
        objects=_objects(reader, number),
    )


def _fault(reader: PdfFileReader, number: int, rules: Rules) -> Fault | None:
    old, new = reader.get_historical_resolver(number - 1), reader.get_historical_resolver(number)
    try:
        return step_fault(old, new, rules)
    except MemoryError:  # too much is something else than broken
        raise
    except Exception:  # a parser may throw anything at hostile bytes
        return CHANGED


def _objects(reader: PdfFileReader, number: int) -> tuple[ObjectChange, ...]:
    try:
        return changed_objects(reader.get_historical_resolver(number - 1), reader.get_historical_resolver(number))
    except MemoryError:
        raise
    except Exception:  # a parser may throw anything at hostile bytes
        return ()
