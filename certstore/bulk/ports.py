"""What imports need kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from certstore.bulk.model import Difference, HeldName, Import, ImportPart, ImportState, NameClaim, RowFault, Sighting
from certstore.codes import HolderCode
from core.db.database import ReadTx, WriteTx


class ImportStore(Protocol):
    """Imports with their parts, faults and sightings."""

    async def add(self, tx: WriteTx, made: Import) -> None: ...

    async def add_part(self, tx: WriteTx, part: ImportPart) -> None: ...

    async def one(self, tx: ReadTx, import_id: str) -> Import | None: ...

    async def of_organisation(
        self, tx: ReadTx, organisation: str, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Import]:
        """Newest first."""

    async def part(self, tx: ReadTx, import_id: str, number: int) -> ImportPart | None: ...

    async def received(self, tx: WriteTx, made: Import) -> bool:
        """The file is here whole: `reading` → `ready`, with header, columns and counts. False if it was cancelled."""

    async def start(
        self,
        tx: WriteTx,
        import_id: str,
        columns: Mapping[str, str],
        *,
        dry: bool,
        now: dt.datetime,
        seen: dt.datetime | None = None,
    ) -> bool:
        """A run from the first row, with no counts, faults, differences or sightings left of the one before.

        False unless it is `ready`, or a dry run is `done` or `cancelled`; and, with `seen`, unless it was last changed
        then.
        """

    async def move(
        self, tx: WriteTx, import_id: str, state: ImportState, before: Sequence[ImportState], *, now: dt.datetime
    ) -> bool:
        """Into `state`, if it is in one of `before`."""

    async def claim(self, tx: WriteTx, *, now: dt.datetime, until: dt.datetime) -> Import | None:
        """A running import with a lease for its next part, for one caller; None when there is nothing to do.

        Of several into the same type one has its turn at a time: what is twice in them must be seen.
        """

    async def advance(self, tx: WriteTx, moved: Import, *, now: dt.datetime) -> bool:
        """Keep where it got to and give the lease back; False when the lease was lost. A pause that came meanwhile
        stands."""

    async def add_faults(self, tx: WriteTx, import_id: str, part: int, faults: Sequence[RowFault]) -> None: ...

    async def faults(self, tx: ReadTx, import_id: str, *, part: int) -> Sequence[RowFault]:
        """Of the rows of one part, in order."""

    async def first_faults(self, tx: ReadTx, import_id: str, limit: int) -> Sequence[RowFault]: ...

    async def add_differences(self, tx: WriteTx, import_id: str, part: int, found: Sequence[Difference]) -> None: ...

    async def differences(self, tx: ReadTx, import_id: str, *, part: int) -> Sequence[Difference]:
        """Of the rows of one part, in order."""

    async def first_differences(self, tx: ReadTx, import_id: str, limit: int) -> Sequence[Difference]: ...

    async def sighted(self, tx: ReadTx, import_id: str, kind: str, digests: Sequence[bytes]) -> Sequence[Sighting]: ...

    async def add_sightings(self, tx: WriteTx, import_id: str, sightings: Sequence[Sighting]) -> None: ...

    async def forget_sightings(self, tx: WriteTx, import_id: str) -> None: ...

    async def forget_old(self, tx: WriteTx, *, before: dt.datetime, limit: int) -> Sequence[str]:
        """Remove parts of imports that rest since then; answers the addresses of their documents."""


class HeldNames(Protocol):
    """Names in living licences."""

    async def names(self, tx: ReadTx, codes: Sequence[HolderCode]) -> Mapping[HolderCode, Sequence[HeldName]]:
        """What the present versions of these holders' valid or suspended licences call them; of each type from each
        office the newest five. Who holds none is left out."""


class KnownPersons(Protocol):
    """People whose identity was proved. Their names stay where they are."""

    async def named_otherwise(self, claims: Sequence[NameClaim]) -> frozenset[NameClaim]:
        """Those among the claims whose number is somebody's with another proved name."""
