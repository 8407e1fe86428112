"""The repository's stores over SQLite and PostgreSQL, ready for their contract."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import LargeBinary, String, select

from certstore.codes import CITIZEN_ID, HolderCode
from certstore.history import GENESIS
from certstore.lifecycle import Event, State
from certstore.model import (
    AccessRecord,
    AnnotatedCopy,
    Consent,
    ConsentState,
    FileKind,
    Holder,
    Licence,
    LicenceChange,
    LicenceFile,
    LicenceVersion,
    Look,
    ServiceItem,
)
from certstore.numbering import NumberStore
from certstore.ports import AccessStore, CatalogueStore, ConsentStore, FileStore, LicenceStore, UseRuleStore
from certstore.stores import tables
from certstore.stores.access import SqlAccessStore
from certstore.stores.catalogue import SqlCatalogueStore
from certstore.stores.consents import SqlConsentStore
from certstore.stores.files import SqlFileStore
from certstore.stores.licences import SqlLicenceStore
from certstore.stores.numbers import SqlNumberStore
from certstore.stores.use_rules import SqlUseRuleStore
from core.clock import calendar_day
from core.db.database import Database
from core.db.engine import create_engine
from core.ids import new_id
from core.principal import PrincipalKind, Purpose
from core.text import Text
from tests.conformance.harness import DELAY, Backend, Surroundings
from tests.support import databases
from tests.support.certstore_fakes import blind_index, field_cipher
from tests.support.clock import FakeClock

LIN = HolderCode(CITIZEN_ID, "410199198802291031")
ZHAO = HolderCode(CITIZEN_ID, "410199199607152049")
LIN_NAME = "林知远"
TYPE = "11410199DEMA00001W001"
OTHER_TYPE = "11410199DEMA00001W002"
OFFICE, OTHER_OFFICE = "11410199DEMA00025B", "11410199DEMA000336"
PURPOSE = Purpose("410199-ZF-0207", "GZF-2026-1123-00418", "第九条（演示）")


@dataclass
class StoreHarness:
    """Empty stores over one database, and a second worker's view of it."""

    database: Database
    other: Database
    clock: FakeClock
    catalogue: CatalogueStore = field(default_factory=SqlCatalogueStore)
    licences: LicenceStore = field(default_factory=lambda: SqlLicenceStore(field_cipher(), blind_index()))
    files: FileStore = field(default_factory=SqlFileStore)
    consents: ConsentStore = field(default_factory=lambda: SqlConsentStore(field_cipher(), blind_index()))
    numbers: NumberStore = field(default_factory=SqlNumberStore)
    access: AccessStore = field(default_factory=lambda: SqlAccessStore(field_cipher(), blind_index()))
    rules: UseRuleStore = field(default_factory=lambda: SqlUseRuleStore(SqlCatalogueStore()))
    patience: float = 20 * DELAY

    async def unless(self, happened: asyncio.Event) -> None:
        """Leave time for what must not happen now: seconds that pass in vain only where the store is right."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(happened.wait(), self.patience)

    @property
    def today(self) -> dt.date:
        return calendar_day(self.clock.now())

    async def draw(self, type_code: str, series: str) -> int:
        """One number of a series, in a unit of its own."""
        async with self.database.write() as tx:
            number = await self.numbers.next_number(tx, type_code, series)
            await tx.commit()
        return number

    async def rename_item(self, code: str) -> str:
        """Add a plus to the name of a service item, which is made if need be; the name before."""
        async with self.database.write() as tx:
            held = await self.catalogue.held_item(tx, code)
            before = held.name.zh if held else ""
            name = Text(f"{before}+" if held else "事项", "Item")
            await self.catalogue.put_item(tx, ServiceItem(code, name, OFFICE, ()))
            await tx.commit()
        return before

    def a_licence(self, *holders: HolderCode, type_code: str = TYPE, **changes: Any) -> Licence:
        self.clock.advance(0.001)  # ids sort by the millisecond they were made in
        licence_id = new_id(self.clock, "lic")
        version = LicenceVersion(
            licence_id=licence_id,
            number=1,
            identifier=f"1.2.156.3005.2.{type_code}.{OFFICE}.{licence_id[4:].upper()}.001.X",
            type_code=type_code,
            type_version=1,
            licence_number="豫 0000123",
            holders=tuple(Holder(code, LIN_NAME) for code in holders or (LIN,)),
            data={"location": "示例市青石区演示路 18 号", "area": 56.4},
            issued_at=self.clock.now(),
            valid_from=self.today,
            valid_until=None,
            previous=GENESIS,
            hash=bytes(range(32)),
        )
        made = Licence(licence_id, type_code, OFFICE, State.VALID, 1, f"code-{licence_id}", version)
        return replace(made, current=replace(version, **changes))

    async def keep(self, licence: Licence) -> Licence:
        async with self.database.write() as tx:
            await self.licences.add(tx, licence, self.change(1, Event.ISSUE, State.VALID))
            await tx.commit()
        return licence

    async def claim(self, licence: Licence, database: Database | None = None) -> bool:
        """Add a licence as its holder's only one, as issuing does; nothing is kept when that fails."""
        async with (database or self.database).write() as tx:
            await self.licences.add(tx, licence, self.change(1, Event.ISSUE, State.VALID))
            won = await self.licences.claim_single(tx, licence, today=self.today)
            if won:
                await tx.commit()
        return won

    async def claim_all(self, made: Sequence[Licence], database: Database | None = None) -> bool:
        """The same for the licences of a register."""
        async with (database or self.database).write() as tx:
            await self.licences.add_recorded(tx, made, self.change(1, Event.RECORD, State.VALID))
            won = await self.licences.claim_singles(tx, made, today=self.today)
            if won:
                await tx.commit()
        return won

    async def holding(self, *codes: HolderCode) -> set[HolderCode]:
        async with self.other.read() as tx:
            return set(await self.licences.holding(tx, TYPE, codes, today=self.today))

    def a_next_version(self, licence: Licence, *holders: HolderCode, **changes: Any) -> Licence:
        current = licence.current
        version = replace(
            current,
            number=current.number + 1,
            identifier=f"{current.identifier[:-5]}{current.number + 1:03d}.X",
            holders=tuple(Holder(code, LIN_NAME) for code in holders) or current.holders,
            previous=current.hash,
            based_on=current.identifier,
            made_by=Event.CHANGE,
            **changes,
        )
        return replace(licence, revision=licence.revision + 1, current=version)

    async def follow(self, later: Licence, *, single: bool = False) -> bool:
        """Write a next version, as changing does; nothing is kept when that fails."""
        async with self.database.write() as tx:
            change = replace(self.change(later.revision, Event.CHANGE, later.state), version=later.current.number)
            won = await self.licences.add_version(tx, later, change)
            won = won and (not single or await self.licences.claim_single(tx, later, today=self.today))
            if won:
                await tx.commit()
        return won

    async def end(self, licence: Licence, event: Event, state: State) -> bool:
        async with self.database.write() as tx:
            won = await self.licences.change_state(tx, licence, self.change(licence.revision + 1, event, state))
            await tx.commit()
        return won

    def change(self, sequence: int, event: Event, state: State) -> LicenceChange:
        now = self.clock.now()
        return LicenceChange(sequence, event, state, 1, now, PrincipalKind.CLIENT, "c", OFFICE, "因为林知远的材料不实")

    def a_file(self, licence: Licence, mark: str = "0", kind: FileKind = FileKind.ORIGINAL) -> LicenceFile:
        file_id = new_id(self.clock, "fil")
        digest = mark * 64
        return LicenceFile(file_id, licence.id, 1, kind, digest, digest, 100, "seal_x", "sig_x", self.clock.now())

    def a_copy(self, licence: Licence, mark: str) -> AnnotatedCopy:
        file = self.a_file(licence, mark, FileKind.ANNOTATED_COPY)
        return AnnotatedCopy(
            new_id(self.clock, "cop"),
            licence.id,
            file,
            OTHER_OFFICE,
            PURPOSE,
            ("holder_name", "area"),
            None,
            self.today,
            f"copy-code-{mark}",
            self.clock.now(),
        )

    async def ask(self, holder: HolderCode = LIN, **changes: Any) -> Consent:
        self.clock.advance(0.001)
        now = self.clock.now()
        made = Consent(
            id=new_id(self.clock, "con"),
            client_id="portal",
            organisation=OTHER_OFFICE,
            holder=holder,
            type_code=TYPE,
            purpose=PURPOSE,
            fields=("holder_name", "area"),
            days=30,
            state=ConsentState.PENDING,
            created_at=now,
            decide_by=now + dt.timedelta(minutes=30),
        )
        made = replace(made, **changes)
        async with self.database.write() as tx:
            await self.consents.add(tx, made)
            await tx.commit()
        return made

    async def decide(self, consent: Consent, granted: bool = True) -> bool:
        now = self.clock.now()
        decided = replace(
            consent,
            state=ConsentState.GRANTED if granted else ConsentState.REFUSED,
            decided_at=now,
            licence_id="lic_x" if granted else None,
            last_day=self.today + dt.timedelta(days=30) if granted else None,
        )
        async with self.database.write() as tx:
            won = await self.consents.decide(tx, decided, now=now)
            await tx.commit()
        return won

    async def withdraw(self, consent: Consent) -> bool:
        async with self.database.write() as tx:
            won = await self.consents.withdraw(tx, consent.id, now=self.clock.now())
            await tx.commit()
        return won

    async def use(self, consent: Consent) -> bool:
        async with self.database.write() as tx:
            won = await self.consents.use(tx, consent.id, today=self.today)
            await tx.commit()
        return won

    async def stored(self, consent: Consent) -> Consent:
        async with self.other.read() as tx:
            found = await self.consents.consent(tx, consent.id)
        assert found is not None
        return found

    async def look(self, holder: HolderCode = LIN) -> AccessRecord:
        self.clock.advance(0.001)
        record = AccessRecord(
            id=new_id(self.clock, "acr"),
            holder=holder,
            licence_id="lic_x",
            type_code=TYPE,
            look=Look.SEARCH,
            organisation=OTHER_OFFICE,
            actor_kind=PrincipalKind.STAFF,
            actor_id="acc_chen",
            actor_name="陈素",
            purpose=PURPOSE,
            fields=("area",),
            consent_id=None,
            at=self.clock.now(),
        )
        async with self.database.write() as tx:
            await self.access.add(tx, [record])
            await tx.commit()
        return record

    async def everything_stored(self) -> bytes:
        """All text and bytes of all our tables, one after the other."""
        found = []
        async with self.database.read() as tx:
            for table in (tables.licence, tables.licence_version, tables.licence_holder, tables.licence_event,
                          tables.consent, tables.access_record):  # fmt: skip
                for row in await tx.connection.execute(select(table)):
                    for column, value in zip(table.columns, row, strict=True):
                        if isinstance(column.type, String):
                            found.append(str(value).encode())
                        elif isinstance(column.type, LargeBinary) and value is not None:
                            found.append(bytes(value))
        return b"\n".join(found)


@asynccontextmanager
async def sqlite(around: Surroundings) -> AsyncIterator[StoreHarness]:
    async with databases.sqlite_database(around.folder, around.clock) as database:
        other = Database(create_engine(str(database.engine.url)), around.clock)
        yield StoreHarness(database, other, around.clock)
        await other.close()


@asynccontextmanager
async def postgres(around: Surroundings) -> AsyncIterator[StoreHarness]:
    async with databases.postgres_database(around.server, around.clock) as database:
        other = Database(create_engine(database.engine.url.render_as_string(hide_password=False)), around.clock)
        yield StoreHarness(database, other, around.clock)
        await other.close()


BACKENDS = [Backend("sqlite", None, sqlite), Backend("postgres", "postgres_server", postgres)]
