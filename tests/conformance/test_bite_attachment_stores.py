"""Stores of attachments broken on purpose: the contract must catch each of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from certstore.attachments.model import Attachment
from certstore.stores.attachment_tables import licence_attachment
from certstore.stores.attachments import SqlAttachmentStore
from core.db.database import ReadTx, WriteTx
from tests.conformance.attachment_stores import CONTRACT, AttachmentHarness, sqlite
from tests.conformance.harness import Surroundings, failing
from tests.support.certstore_fakes import field_cipher
from tests.support.clock import FakeClock


class ShowsEverybodys(SqlAttachmentStore):
    async def of_licence(self, tx: ReadTx, licence_id: str) -> Sequence[Attachment]:
        query = select(licence_attachment).order_by(licence_attachment.c.ordinal)
        return [self._attachment(row) for row in await tx.connection.execute(query)]


class AlwaysAdds(SqlAttachmentStore):
    async def add(self, tx: WriteTx, attachment: Attachment) -> bool:
        await super().add(tx, attachment)
        return True


class WritesNamesDown(SqlAttachmentStore):
    async def add(self, tx: WriteTx, attachment: Attachment) -> bool:
        values = {
            name: getattr(attachment, name) for name in map(str, licence_attachment.c.keys()) if name != "name_enc"
        }
        values["name_enc"] = attachment.name.encode()
        await tx.connection.execute(insert(licence_attachment).values(values))
        return True


class TakesFromDrafts(SqlAttachmentStore):
    """Forgets that a draft has attachments too, and how young they may be."""

    async def take_left(self, tx: WriteTx, made_before: dt.datetime, *, limit: int = 100) -> Sequence[Attachment]:
        columns = licence_attachment.c
        query = select(licence_attachment).where(columns.made_at < made_before)
        left = [self._attachment(row) for row in await tx.connection.execute(query)]
        await tx.connection.execute(delete(licence_attachment))
        return left


BROKEN = [
    (ShowsEverybodys, "test_attachments_come_back_as_they_were_and_in_order"),
    (AlwaysAdds, "test_of_many_who_want_an_ordinal_one_gets_it"),
    (WritesNamesDown, "test_names_are_not_in_the_table_in_the_clear"),
    (TakesFromDrafts, "test_what_belongs_to_no_draft_and_no_licence_is_taken_away"),
]


@pytest.mark.parametrize(("store", "by"), BROKEN, ids=[store.__name__ for store, _ in BROKEN])
async def test_a_broken_store_is_caught(store: type[SqlAttachmentStore], by: str, tmp_path: Path) -> None:
    count = iter(range(100))

    @asynccontextmanager
    async def opened() -> AsyncIterator[AttachmentHarness]:
        place = tmp_path / str(next(count))
        place.mkdir()
        async with sqlite(Surroundings(place, FakeClock())) as harness:
            yield replace(harness, attachments=store(field_cipher()))

    assert by in await failing(CONTRACT, opened, only=by)
