"""Counts forged files that were accepted and genuine ones that were refused, for the end of a test run (attacks F-05).

Tests hand in each verdict; what is counted goes with the test's report to whoever prints it (`tests.conftest`). With 0
of n wrong, at most 3/n are wrong in truth, at 95 % confidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

KEY = "tally"


class Verdict(Protocol):
    @property
    def conclusion(self) -> str: ...


Judged = TypeVar("Judged", bound=Verdict)
_current: list[tuple[str, bool, bool]] = []


def forged(row: str, report: Judged) -> Judged:
    """A verdict on a file that somebody forged or broke."""
    forged_is_accepted(row, report.conclusion == "genuine")
    return report


def genuine(row: str, report: Judged) -> Judged:
    """A verdict on the file beside it that is as it should be."""
    genuine_is_refused(row, report.conclusion != "genuine")
    return report


def forged_is_accepted(row: str, accepted: bool) -> None:
    """The same, where the verdict is on a certificate or a time-stamp."""
    _current.append((row, True, accepted))


def genuine_is_refused(row: str, refused: bool) -> None:
    """The same of the good one beside it."""
    _current.append((row, False, refused))


def taken() -> list[tuple[str, bool, bool]]:
    """What the test that has just ended handed in: row, whether forged, whether wrong."""
    out = list(_current)
    _current.clear()
    return out


@dataclass
class Row:
    """Of one row of the catalogue of attacks."""

    wrong: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    seen: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})


@dataclass
class Tally:
    """All rows of a run."""

    rows: dict[str, Row] = field(default_factory=lambda: defaultdict(Row))

    def add(self, entries: Iterable[tuple[str, bool, bool]]) -> None:
        for row, is_forged, is_wrong in entries:
            self.rows[row].seen[is_forged] += 1
            self.rows[row].wrong[is_forged] += is_wrong

    def lines(self) -> Iterable[str]:
        """A line for each row, and one for all."""
        if not self.rows:
            return
        total = Row()
        for name, row in sorted(self.rows.items()):
            yield f"{name:6} {_of(row)}"
            for kind in (True, False):
                total.seen[kind] += row.seen[kind]
                total.wrong[kind] += row.wrong[kind]
        yield f"{'all':6} {_of(total)}"


def _of(row: Row) -> str:
    return (
        f"forged accepted {row.wrong[True]} of {row.seen[True]}{_bound(row.wrong[True], row.seen[True])}, "
        f"genuine refused {row.wrong[False]} of {row.seen[False]}{_bound(row.wrong[False], row.seen[False])}"
    )


def _bound(wrong: int, seen: int) -> str:
    """The rule of three, where nothing went wrong."""
    return f" (at most {3 / seen:.2%})" if seen >= 3 and not wrong else ""
