"""What a register's authority may be told of others by its rows, how often, and the record of it for the holder.

Attacks L-04. That a number is known elsewhere is somebody's data. A run in earnest tells it, for there the authority
stands behind each row with a licence of its own. A dry run leaves nothing and could be fed with invented numbers: it
tells of the authority's own licences only. Each thing told counts against one ceiling of the authority's day before it
is told, and is recorded for the holder in the unit that tells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from certstore.bulk.checking import CheckedRow
from certstore.bulk.mapping import HOLDER_CODE
from certstore.bulk.model import DifferenceKind, Import, NameClaim
from certstore.bulk.reconcile import Differences, claims_of
from certstore.bulk.twice import Judged
from certstore.codes import HolderCode
from certstore.looks import look_for
from certstore.model import AccessRecord, Holder, Look
from certstore.repository import Repository
from core.principal import Principal, Purpose

NOT_COMPARED = "names-not-compared"
NOT_LOOKED_UP = "held-not-looked-up"
_BASIS = "接收登记簿时核对（《个人信息保护法》第八条）"
_HELD = (HOLDER_CODE, "licence-already-held")
_OTHERS = frozenset({DifferenceKind.OFFICE, DifferenceKind.IDENTITY})


class Telling:
    """Counts and records."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def within_ceiling(self, made: Import, known: Differences) -> tuple[Differences, bool]:
        """What may be told of these, each counted; whether something had to be left out.

        Raises:
            Unavailable: the counter does not answer; nothing is told without it.
        """
        told: dict[NameClaim, Sequence[tuple[DifferenceKind, str]]] = {}
        whole = True
        for claim, found in known.items():
            if whole and any(kind in _OTHERS for kind, _ in found):
                whole = await self._repository.quota.count_told(made.organisation)
            told[claim] = found if whole else [one for one in found if one[0] not in _OTHERS]
        return told, not whole

    async def judged(self, made: Import, judged: Judged) -> Judged:
        """Without what a dry run may no longer tell today: that a holder has a licence of the type already.

        In earnest it is always told, for the row cannot be taken over.

        Raises:
            Unavailable: as above.
        """
        rows = [await self._row(made, one) if _HELD in one.faults else one for one in judged.rows]
        return replace(judged, rows=rows)

    async def _row(self, made: Import, row: CheckedRow) -> CheckedRow:
        if await self._repository.quota.count_told(made.organisation) or not made.dry:
            return row
        left = tuple(one for one in row.faults if one != _HELD)
        return replace(row, faults=left, findings=(*row.findings, NOT_LOOKED_UP))

    def looks(self, made: Import, actor: Principal, judged: Judged, known: Differences) -> list[AccessRecord]:
        """A record for each holder of whom somebody else's knowledge was told, for the unit that keeps what is told."""
        purpose = Purpose(case_number=made.id, basis=_BASIS)
        codes = [*_named_otherwise(judged.newcomers, known), *_held(judged.rows)]
        return [look_for(self._repository, actor, Look.REGISTER, purpose, code) for code in dict.fromkeys(codes)]


def _named_otherwise(newcomers: Mapping[int, Sequence[Holder]], known: Differences) -> list[HolderCode]:
    claims = [claim for holders in newcomers.values() for claim in claims_of(holders)]
    return [claim.code for claim in claims if any(kind in _OTHERS for kind, _ in known.get(claim, ()))]


def _held(rows: Sequence[CheckedRow]) -> list[HolderCode]:
    return [holder.code for row in rows if row.content and _HELD in row.faults for holder in row.content.holders]
