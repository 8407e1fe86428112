"""What is counted, and a department's figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.text import Text

KEPT_MONTHS = 60
CASES_KEPT_DAYS = 400
SETTLED = dt.timedelta(minutes=5)  # older than any unit that may still be writing a look


class Measure(StrEnum):
    """One thing that is counted."""

    CHECK = "check"  # exemption checks
    MATERIAL = "material"  # materials that those asked for, each case once
    SAVED = "saved"  # of them those that need not be handed in: papers saved
    SEARCH = "search"
    COPY = "copy"  # annotated copies made
    CODE = "code"  # use codes redeemed
    PRESENTED = "presented"  # licences shown by their holders and read
    LOOK = "look"  # licences looked at, by type
    REFUSAL = "refusal"  # by the code of the error
    ISSUED = "issued"  # by the issuer's types, as are the next four
    RENEWED = "renewed"
    CHANGED = "changed"
    ENDED = "ended"
    ENDING = "ending"  # on the day that they run out, when their holders were reminded


@dataclass(frozen=True, slots=True)
class Tally:
    """One count of one day.

    Attributes:
        item, type_code: empty where the count is of no service item or type.
        mark: what else tells it apart: the code of an error.
    """

    day: dt.date
    organisation: str
    measure: Measure
    item: str = ""
    type_code: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class CaseTally:
    """The best that exemption checks said of one case."""

    organisation: str
    item: str
    case_number: str
    materials: int
    exempt: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a source that was read: what it counts, and where it ended.

    Attributes:
        position: where the next part begins.
        cases: the last check of each case counts for its day.
    """

    position: str
    counts: Mapping[Tally, int]
    cases: Sequence[tuple[dt.date, CaseTally]] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A count of a month."""

    month: dt.date
    measure: Measure
    item: str
    type_code: str
    mark: str
    count: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """How lively an issuer's licences of a type are kept."""

    type_code: str
    type_name: Text
    last_change: dt.date | None
    changes: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """A department's figures.

    Attributes:
        months: the first days of the months, oldest first; the last one is still running.
        ahead: first days of the coming months, for what runs out.
        totals: by measure, over all months.
        by_month: by measure, a count for each of `months`.
        by_item, by_type: the counts of the largest, by name.
        refusals: by the code of the error, the most frequent first.
        ending: how many of the department's licences run out in each of `ahead`, as far as holders were reminded.
        counted_until: until when everything is counted.
    """

    months: Sequence[dt.date]
    ahead: Sequence[dt.date]
    totals: Mapping[Measure, int]
    by_month: Mapping[Measure, Sequence[int]]
    by_item: Sequence[tuple[Text, Mapping[Measure, int]]]
    by_type: Sequence[tuple[Text, Mapping[Measure, int]]]
    refusals: Sequence[tuple[str, int]]
    freshness: Sequence[Freshness]
    ending: Sequence[int]
    counted_until: dt.datetime | None
