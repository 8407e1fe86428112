"""What a register says twice, or the repository has already: numbers, holders under two names, single licences.

Earlier rows of the run are remembered by keyed digests, so a register of millions is compared with itself in one pass
and nobody's number stands in a table for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from certstore.bulk.checking import CheckedRow
from certstore.bulk.mapping import HOLDER_CODE, HOLDER_NAME, NUMBER
from certstore.bulk.model import Import, Sighting
from certstore.bulk.ports import ImportStore
from certstore.codes import HolderCode
from certstore.making import VersionContent
from certstore.model import Holder, Licence, LicenceType
from certstore.repository import Repository
from core.db.database import WriteTx
from core.identifiers.names import folded_name
from keys.ports import BlindIndex

_NUMBER, _HOLDER, _SINGLE = "number", "holder", "single"


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows with what was found about them.

    Attributes:
        unchanged: rows that are in the repository just so.
        newcomers: by row, those holders whom no earlier good row of the run has.
    """

    rows: Sequence[CheckedRow]
    unchanged: frozenset[int]
    newcomers: Mapping[int, Sequence[Holder]]


class SeenBefore:
    """Judges the rows of one part against the rows before them and against the repository."""

    def __init__(self, repository: Repository, store: ImportStore, index: BlindIndex) -> None:
        self._repository = repository
        self._store = store
        self._index = index

    async def judge(self, tx: WriteTx, made: Import, licence_type: LicenceType, rows: Sequence[CheckedRow]) -> Judged:
        """Also remembers what the good rows have, for the parts that come."""
        whole = [one for one in rows if one.content is not None]
        own_of = {one.number: self._of_row(licence_type, one.content, one.number) for one in whole if one.content}
        known = await self._known(tx, made, [one for own in own_of.values() for one in own])
        present = await self._present(tx, licence_type, whole)
        holding = await self._holding(tx, licence_type, whole)
        judged, unchanged, fresh = [], set(), list[Sighting]()
        newcomers: dict[int, list[Holder]] = {}
        for row in rows:
            faults: list[tuple[str, str]] = []
            findings: list[str] = []
            if row.content is not None:
                own = own_of[row.number]
                faults, findings = _against(own, known)
                there = present.get(row.content.licence_number or "")
                if there is not None and not faults:
                    if _same(there, row.content):
                        unchanged.add(row.number)
                    else:
                        faults.append((NUMBER, "number-in-repository"))
                elif not faults and self._held(licence_type, row.content, holding):
                    faults.append((HOLDER_CODE, "licence-already-held"))
                if not faults:
                    newcomers[row.number] = _newcomers(row.content, own, known)
                    fresh += [one for one in own if (one.kind, one.digest) not in known]
                    known |= {(one.kind, one.digest): one for one in own if (one.kind, one.digest) not in known}
            judged.append(_with(row, faults, findings) if faults or findings else row)
        await self._store.add_sightings(tx, made.id, list({(one.kind, one.digest): one for one in fresh}.values()))
        return Judged(judged, frozenset(unchanged), newcomers)

    def _of_row(self, licence_type: LicenceType, content: VersionContent, row: int) -> list[Sighting]:
        found = [Sighting(_NUMBER, self._digest(_NUMBER, content.licence_number or ""), row, b"")]
        for holder in content.holders:
            code = f"{holder.code.kind}|{holder.code.number}"
            name = self._digest("name", folded_name(holder.name))
            found.append(Sighting(_HOLDER, self._digest(_HOLDER, code), row, name))
            if licence_type.one_per_holder and counts_as_single(content.valid_until, self._repository.today()):
                found.append(Sighting(_SINGLE, self._digest(_SINGLE, code), row, b""))
        return found

    async def _known(self, tx: WriteTx, made: Import, own: Sequence[Sighting]) -> dict[tuple[str, bytes], Sighting]:
        known: dict[tuple[str, bytes], Sighting] = {}
        for kind in (_NUMBER, _HOLDER, _SINGLE):
            digests = sorted({one.digest for one in own if one.kind == kind})
            if digests:
                found = await self._store.sighted(tx, made.id, kind, digests)
                known |= {(kind, one.digest): one for one in found}
        return known

    async def _present(
        self, tx: WriteTx, licence_type: LicenceType, rows: Sequence[CheckedRow]
    ) -> Mapping[str, Licence]:
        numbers = sorted({one.content.licence_number or "" for one in rows if one.content is not None})
        if not numbers:
            return {}
        found = await self._repository.licences.of_numbers(tx, licence_type.code, numbers)
        return {one.current.licence_number: one for one in found}

    async def _holding(
        self, tx: WriteTx, licence_type: LicenceType, rows: Sequence[CheckedRow]
    ) -> Collection[HolderCode]:
        """Whoever has a living licence of a type that one has once."""
        if not licence_type.one_per_holder or not rows:
            return ()
        codes = {holder.code for one in rows if one.content is not None for holder in one.content.holders}
        today = self._repository.today()
        return await self._repository.licences.holding(tx, licence_type.code, codes, today=today)

    def _held(self, licence_type: LicenceType, content: VersionContent, holding: Collection[HolderCode]) -> bool:
        if not licence_type.one_per_holder or not counts_as_single(content.valid_until, self._repository.today()):
            return False
        return any(holder.code in holding for holder in content.holders)

    def _digest(self, kind: str, value: str) -> bytes:
        return self._index.digest(f"import.{kind}", value)


def _against(
    own: Sequence[Sighting], known: Mapping[tuple[str, bytes], Sighting]
) -> tuple[list[tuple[str, str]], list[str]]:
    faults: list[tuple[str, str]] = []
    findings: list[str] = []
    for one in own:
        earlier = known.get((one.kind, one.digest))
        if earlier is None or earlier.row == one.row:
            continue
        if one.kind == _NUMBER:
            faults.append((NUMBER, f"number-twice@{earlier.row}"))
        elif one.kind == _SINGLE:
            faults.append((HOLDER_CODE, f"licence-already-held@{earlier.row}"))
        elif one.companion != earlier.companion:
            faults.append((HOLDER_NAME, f"name-differs@{earlier.row}"))
        else:
            findings.append("holder-again")
    return faults, findings


def _newcomers(
    content: VersionContent, own: Sequence[Sighting], known: Mapping[tuple[str, bytes], Sighting]
) -> list[Holder]:
    of_holders = [one for one in own if one.kind == _HOLDER]
    pairs = zip(content.holders, of_holders, strict=True)
    return [holder for holder, one in pairs if (one.kind, one.digest) not in known]


def counts_as_single(valid_until: dt.date | None, today: dt.date) -> bool:
    """Whether it would take the place of a holder's single licence: what has run out does not."""
    return valid_until is None or valid_until >= today


def _with(row: CheckedRow, faults: Sequence[tuple[str, str]], findings: Sequence[str]) -> CheckedRow:
    return replace(row, faults=(*row.faults, *faults), findings=(*row.findings, *findings))


def _same(there: Licence, content: VersionContent) -> bool:
    current = there.current
    return (
        [(one.code, one.name) for one in current.holders] == [(one.code, one.name) for one in content.holders]
        and dict(current.data) == dict(content.data)
        and (current.valid_from, current.valid_until) == (content.valid_from, content.valid_until)
    )
