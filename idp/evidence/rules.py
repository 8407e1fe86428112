"""Which level follows from which evidence, and for how long evidence is good (docs/identity-levels.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from idp.evidence.model import Evidence, EvidenceKind
from idp.real_name import BOUND, CHECKED, IN_PERSON, REACHED_BY_PHONE, REGISTERED

_YEAR: Final = dt.timedelta(days=365)
VALID_FOR: Final[Mapping[EvidenceKind, dt.timedelta | None]] = {
    EvidenceKind.NUMBER_AND_NAME: 5 * _YEAR,  # names change
    EvidenceKind.PHONE: 2 * _YEAR,  # numbers are given to others
    EvidenceKind.BANK: 2 * _YEAR,
    EvidenceKind.IN_PERSON: 10 * _YEAR,  # the longest time for which an adult's card is issued, bar those for life
    EvidenceKind.REMOTE: 5 * _YEAR,
    EvidenceKind.BOUND_KEY: None,  # as long as the key
    EvidenceKind.VOUCHED: 5 * _YEAR,
    EvidenceKind.CARRIED: None,
}
"""After that it must be shown anew; the level falls by itself."""

STEPS: Final[Mapping[EvidenceKind, frozenset[int]]] = {
    EvidenceKind.NUMBER_AND_NAME: frozenset({CHECKED}),
    EvidenceKind.PHONE: frozenset({REACHED_BY_PHONE}),
    EvidenceKind.BANK: frozenset({REACHED_BY_PHONE}),
    # whoever stood at a window with their document need not have a phone
    EvidenceKind.IN_PERSON: frozenset({CHECKED, REACHED_BY_PHONE, IN_PERSON}),
    EvidenceKind.REMOTE: frozenset({IN_PERSON}),
    EvidenceKind.BOUND_KEY: frozenset({BOUND}),
}
"""The steps that a kind of evidence carries; a level is reached when every step up to it is carried."""


def carried(records: Iterable[Evidence], now: dt.datetime) -> frozenset[int]:
    """The steps that the records carry at a moment, whether or not those below them are carried too."""
    return frozenset(step for one in records if one.counts(now) for step in _steps(one))


def level_of(records: Iterable[Evidence], now: dt.datetime) -> int:
    """The level that the records carry together at a moment."""
    steps = carried(records, now)
    level = REGISTERED
    while level + 1 in steps:
        level += 1
    return level


def _steps(one: Evidence) -> Iterable[int]:
    if one.kind in (EvidenceKind.VOUCHED, EvidenceKind.CARRIED):
        return range(CHECKED, one.level + 1)
    return STEPS[one.kind]


def end_of(kind: EvidenceKind, at: dt.datetime, until: dt.datetime | None) -> dt.datetime | None:
    """When evidence of this kind stops counting: by its kind, or with the thing itself, whichever comes first."""
    span = VALID_FOR[kind]
    ends = [one for one in (None if span is None else at + span, until) if one is not None]
    return min(ends, default=None)
