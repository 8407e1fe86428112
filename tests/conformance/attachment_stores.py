"""The contract of attachments (`certstore.attachments.ports.AttachmentStore`), and its two backends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import select

from certstore.attachments.model import Attachment
from certstore.attachments.ports import AttachmentStore
from certstore.life.model import Draft, DraftContent
from certstore.stores.attachment_tables import licence_attachment
from certstore.stores.attachments import SqlAttachmentStore
from certstore.stores.life import SqlDraftStore
from core.db.database import Database
from core.ids import new_id
from core.principal import PrincipalKind
from tests.conformance import certstore_stores_backends as licences
from tests.conformance.certstore_stores_backends import LIN_NAME, OFFICE, TYPE
from tests.conformance.harness import Backend, Surroundings, at_once
from tests.support.certstore_fakes import field_cipher

NAME = f"{LIN_NAME}的平面图.pdf"


@dataclass
class AttachmentHarness:
    """The store under test beside licences and drafts."""

    whole: licences.StoreHarness
    attachments: AttachmentStore = field(default_factory=lambda: SqlAttachmentStore(field_cipher()))

    def made(self, licence_id: str, ordinal: int = 1) -> Attachment:
        clock = self.whole.clock
        clock.advance(0.001)
        attachment_id = new_id(clock, "att")
        return Attachment(
            attachment_id, licence_id, OFFICE, ordinal, NAME, f"blob-{attachment_id}", "image/png", 68, "ab" * 32,
            clock.now(), "system-land",
        )  # fmt: skip

    async def add(self, attachment: Attachment, database: Database | None = None) -> bool:
        async with (database or self.whole.database).write() as tx:
            won = await self.attachments.add(tx, attachment)
            await tx.commit()
        return won

    async def draft(self) -> str:
        now = self.whole.clock.now()
        draft_id = new_id(self.whole.clock, "lic")
        content = DraftContent((), {})
        async with self.whole.database.write() as tx:
            await SqlDraftStore(field_cipher()).add(
                tx, Draft(draft_id, TYPE, OFFICE, 1, "system-land", PrincipalKind.CLIENT, now, now, content)
            )
            await tx.commit()
        return draft_id


class AttachmentContract:
    """What belongs to which licence."""

    async def test_attachments_come_back_as_they_were_and_in_order(self, harness: AttachmentHarness) -> None:
        second, first = harness.made("lic_a", 2), harness.made("lic_a", 1)
        for one in (second, first, harness.made("lic_b", 1)):
            assert await harness.add(one)
        async with harness.whole.other.read() as tx:
            assert list(await harness.attachments.of_licence(tx, "lic_a")) == [first, second]
            assert await harness.attachments.attachment(tx, first.id) == first
            assert await harness.attachments.attachment(tx, new_id(harness.whole.clock, "att")) is None
            for hostile in ("\0", "' OR '1'='1", "", "x" * 9000):
                assert await harness.attachments.attachment(tx, hostile) is None

    async def test_names_are_not_in_the_table_in_the_clear(self, harness: AttachmentHarness) -> None:
        assert await harness.add(harness.made("lic_a"))
        async with harness.whole.database.read() as tx:
            row = (await tx.connection.execute(select(licence_attachment))).one()
        assert LIN_NAME not in str([value.decode("utf-8", "ignore") if isinstance(value, bytes) else value for value in row])  # fmt: skip  # noqa: E501

    async def test_what_belongs_to_no_draft_and_no_licence_is_taken_away(self, harness: AttachmentHarness) -> None:
        licence = await harness.whole.keep(harness.whole.a_licence())
        kept = [harness.made(licence.id), harness.made(await harness.draft())]
        gone = harness.made("lic_discarded")
        for one in (*kept, gone):
            assert await harness.add(one)
        moment = harness.whole.clock.now()
        async with harness.whole.database.write() as tx:
            assert list(await harness.attachments.take_left(tx, moment)) == [], "too young: it may be just being issued"
            harness.whole.clock.advance(1)
            assert list(await harness.attachments.take_left(tx, harness.whole.clock.now())) == [gone]
            await tx.commit()
        async with harness.whole.other.read() as tx:
            for one in kept:
                assert await harness.attachments.attachment(tx, one.id) == one
            assert await harness.attachments.attachment(tx, gone.id) is None


class AttachmentContention:
    """Several workers at once."""

    async def test_of_many_who_want_an_ordinal_one_gets_it(self, harness: AttachmentHarness) -> None:
        workers = [harness.whole.database, harness.whole.other] * 2
        won = await at_once(*(harness.add(harness.made("lic_a"), worker) for worker in workers))
        assert sum(won) == 1


CONTRACT = (AttachmentContract, AttachmentContention)


@asynccontextmanager
async def sqlite(around: Surroundings) -> AsyncIterator[AttachmentHarness]:
    async with licences.sqlite(around) as whole:
        yield AttachmentHarness(whole)


@asynccontextmanager
async def postgres(around: Surroundings) -> AsyncIterator[AttachmentHarness]:
    async with licences.postgres(around) as whole:
        yield AttachmentHarness(whole)


BACKENDS = [Backend("sqlite", None, sqlite), Backend("postgres", "postgres_server", postgres)]
