"""L-25: what was wrong about somebody and was put right is used nowhere any more; what law needs of it stays provable.

个人信息保护法 Art. 46, 47: corrected or deleted data leave indexes, searches, codes, copies and lists at once, drafts
and what belongs to them within their time. The former version stays with its authority as a sealed record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from certstore.attachments.keep import AttachmentCommand
from certstore.find import FindQuery
from certstore.life.drafts import KEPT_FOR, DraftCommand
from certstore.life.model import DraftContent
from certstore.making import HolderInput
from certstore.stores.attachment_tables import licence_attachment
from certstore.stores.attachments import attachment_documents
from certstore.stores.key_holders import licence_documents
from certstore.stores.life_tables import licence_draft
from certstore.verify_fields import FieldClaim
from core.blobs.filesystem import FilesystemBlobStore
from core.db.database import Database
from core.errors import AppError
from keys.reencrypt.documents import RemoveDiscarded
from keys.secrets.vault import EncryptedVault
from keys.stores.reencryption import SqlDiscardList
from tests.support.certstore_fakes import field_cipher
from tests.support.certstore_world import (
    BASIS,
    CASE,
    HOME,
    ITEM,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    PERMIT,
    POLICE_SYSTEM,
    PORTAL,
    ZHAO,
    ZHAO_NUMBER,
    World,
    world,
)
from tests.support.clock import FakeClock
from tests.support.licence_life import Life

RIGHT = HOME | {"address": "示例市新城区演示大道 1 号"}


@pytest.fixture
async def city(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(database, clock, tmp_path) as made:
        yield made


async def refusal(call: Any) -> str:
    with pytest.raises(AppError) as raised:
        await call
    return raised.value.code


async def test_l25_a_licence_written_for_the_wrong_person_is_theirs_nowhere_once_it_is_corrected(city: World) -> None:
    services, permit = city.services, await city.issue_permit()
    (code,) = await services.use.codes(city.code_query(types=(PERMIT,)), PORTAL)
    copy = await services.copies.make(city.copy_command(permit.id), PORTAL)
    shown = await city.presentation.show(permit.id, LIN, anew=True)
    assert len(await city.search(PORTAL)) == 1
    await Life(city).correct(permit, RIGHT, holders=(HolderInput("111", ZHAO_NUMBER, "赵映雪"),))

    wrong = FindQuery(holder_kind="111", holder_code=LIN_NUMBER)
    assert await city.search(PORTAL) == []
    assert (await services.find(wrong, POLICE_SYSTEM)).items == []
    assert await services.use.codes(city.code_query(types=(PERMIT,)), PORTAL) == []
    assert await services.my_licences(LIN) == []
    assert await refusal(services.read.licence(permit.id, LIN)) == "licence-not-found"
    assert await refusal(services.read.original(permit.id, LIN, 1)) == "licence-not-found"
    assert await refusal(services.use.redeem.data(code.code, PORTAL)) == "use-code-gone"
    assert await refusal(services.copies.file(permit.id, copy.id, PORTAL)) == "copy-gone"
    claim = FieldClaim(PERMIT, {"holder_name": LIN_NAME}, ITEM, CASE, BASIS, identifier=permit.current.identifier)
    assert not (await services.compare_fields(claim, PORTAL)).match
    assert shown.code is not None
    assert await refusal(city.presentation.show(permit.id, LIN, anew=True)) == "licence-not-found"

    (found,) = await city.search(PORTAL, ZHAO_NUMBER)  # the twins: it is somebody's, and says what is right
    assert found.values["address"] == RIGHT["address"]
    right = FindQuery(holder_kind="111", holder_code=ZHAO_NUMBER)
    assert [one.id for one in (await services.find(right, POLICE_SYSTEM)).items] == [permit.id]
    assert [one.id for one in await services.my_licences(ZHAO)] == [permit.id]
    assert await refusal(services.read.original(permit.id, ZHAO, 1)) == "version-not-found", "it named somebody else"
    assert (await services.read.original(permit.id, POLICE_SYSTEM, 1)).content.startswith(b"%PDF"), "the proof"
    assert (await services.my_accesses(LIN)).items, "who looked while it was in their name"
    kept = str(await city.events())
    for personal in (LIN_NAME, LIN_NUMBER, HOME["address"], ZHAO_NUMBER):
        assert personal not in kept, "the audit log keeps that it was done, and nobody's data"


async def test_l25_a_draft_that_became_nothing_goes_with_its_files(city: World, clock: FakeClock) -> None:
    life, png = Life(city), b"\x89PNG\r\n\x1a\n" + bytes(60)
    content = DraftContent((HolderInput("111", LIN_NUMBER, LIN_NAME),), HOME)
    left = await life.services.drafts.create(DraftCommand(PERMIT, content), POLICE_SYSTEM)
    permit = await city.issue_permit()
    for owner in (left.id, permit.id):
        await city.own.attachments.add(AttachmentCommand(owner, "a.png", png), POLICE_SYSTEM)
    files = len(list(_blobs(city)))
    clock.advance(KEPT_FOR.total_seconds() + 1)
    await life.services.expire.sweep()
    await city.own.attachments.sweep()
    assert (await city.rows(licence_draft), await city.rows(licence_attachment)) == (0, 1)
    clock.advance(dt.timedelta(days=2).total_seconds())
    blobs = FilesystemBlobStore(city.folder / "blobs")
    vault, discards = EncryptedVault(blobs, field_cipher()), SqlDiscardList()
    kinds = [one(city.database, vault, discards, clock) for one in (licence_documents, attachment_documents)]
    await RemoveDiscarded(city.database, discards, vault, kinds, clock)()
    await blobs.close()
    assert len(list(_blobs(city))) == files - 1
    (kept,) = await city.own.attachments.of_licence(permit.id, POLICE_SYSTEM)  # the twin
    assert (await city.own.attachments.file(permit.id, kept.id, POLICE_SYSTEM)).content == png


def _blobs(city: World) -> Any:
    return (one for one in (city.folder / "blobs").rglob("*") if one.is_file())
