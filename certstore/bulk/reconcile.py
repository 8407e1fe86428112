"""Holds a register's names against those that others know the same numbers by: other licences, and proved identities.

A difference is no fault: either side may be wrong, and the row is taken over as it is. The register's authority learns
that there is another name and who can be asked, never the other name; a name that agrees and a number that nobody
knows look alike. A dry run asks nobody but the authority itself (`certstore.bulk.telling`). People and organisations
are compared, things have no names of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from certstore.bulk.checking import CheckedRow
from certstore.bulk.model import Difference, DifferenceKind, Import, NameClaim
from certstore.bulk.ports import HeldNames, KnownPersons
from certstore.codes import Bearer
from certstore.model import Holder
from core.db.database import Database
from core.identifiers.names import folded_name

Differences = Mapping[NameClaim, Sequence[tuple[DifferenceKind, str]]]
"""By what a row says of a holder: kinds of differences, each with the organisation to ask."""


class Reconcile:
    """Compares the holders of one part at once: one look at the licences, one at the identities."""

    def __init__(self, database: Database, held: HeldNames, persons: KnownPersons) -> None:
        self._database = database
        self._held = held
        self._persons = persons

    async def __call__(self, made: Import, rows: Sequence[CheckedRow]) -> Differences:
        """What is known otherwise than these rows say; only what differs is in the answer."""
        claims = list(dict.fromkeys(claim for row in rows if row.content for claim in claims_of(row.content.holders)))
        if not claims:
            return {}
        async with self._database.read() as tx:
            held = await self._held.names(tx, list(dict.fromkeys(claim.code for claim in claims)))
        otherwise = frozenset() if made.dry else await self._persons.named_otherwise(claims)
        found: dict[NameClaim, list[tuple[DifferenceKind, str]]] = {}
        for claim in claims:
            offices = {one.issuer for one in held.get(claim.code, ()) if folded_name(one.name) != claim.name}
            kinds = [(_kind(made, office), office) for office in sorted(offices)]
            told = [one for one in kinds if one[0] is DifferenceKind.OWN or not made.dry]
            if claim in otherwise:
                told.append((DifferenceKind.IDENTITY, ""))
            if told:
                found[claim] = told
        return found


def claims_of(holders: Iterable[Holder]) -> list[NameClaim]:
    """What a row says of its people and organisations."""
    return [NameClaim(one.code, folded_name(one.name)) for one in holders if one.code.bearer is not Bearer.THING]


def differences_of(row: int, newcomers: Iterable[Holder], known: Differences) -> list[Difference]:
    """Of one row.

    Args:
        newcomers: holders whom no earlier row of the run has: each is told of once.
    """
    found = {one for claim in claims_of(newcomers) for one in known.get(claim, ())}
    return [Difference(row, kind, office) for kind, office in sorted(found)]


def _kind(made: Import, office: str) -> DifferenceKind:
    return DifferenceKind.OWN if office == made.organisation else DifferenceKind.OFFICE
