"""The public log of signatures: what is entered, what a receipt proves, and what is found when somebody changes it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from api.wiring.public_log import PublicLogServices, compose_public_log
from core.audit.tables import audit_event
from core.db.database import Database
from core.errors import AppError, Conflict, InvalidInput, NotFound
from core.kv.embedded import EmbeddedKeyValueStore
from core.principal import SYSTEM
from core.transparency.checkpoint_note import read_note
from core.transparency.merkle import Growing, is_consistent, leaf_hash
from signing.errors import SealNotActive
from signing.model import Seal, SealedPdf, SealPdfCommand, SealStatus
from signing.public_log.entry import EntryRefused, LogEvent, read_entry
from signing.public_log.place import place_waiting
from signing.public_log.receipt import CheckedReceipt, check_receipt
from signing.stores.log_tables import seal_log_checkpoint, seal_log_entry, seal_log_tile
from signing.stores.public_log import SqlPublicLog
from signing.stores.tables import seal_signature
from tests.support.clock import FakeClock
from tests.support.notes import OneNoteKey
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, ORGANISATION, PLACE, SealOffice

ORIGIN = "city.example.cn/v1/signature-log"
KEY = OneNoteKey()


@dataclass
class World:
    """An e-seal service with one seal, and its log."""

    office: SealOffice
    log: PublicLogServices
    database: Database
    alarms: list[str]

    async def seal(self) -> Seal:
        return await self.office.seals.active_seal_of(ORGANISATION)

    async def press(self, text: str = "one") -> SealedPdf:
        seal = await self.seal()
        return await self.office.seal_pdf(SealPdfCommand(pdf(text=text), seal.id, CLIENT, "document", PLACE))

    async def bodies(self) -> list[bytes]:
        async with self.database.read() as tx:
            query = select(seal_log_entry.c.body).order_by(seal_log_entry.c.id)
            return [bytes(one) for one in (await tx.connection.execute(query)).scalars()]

    async def tamper(self, *statements: Any) -> None:
        async with self.database.write() as tx:
            for one in statements:
                await tx.connection.execute(one)
            await tx.commit()

    async def fault(self, *outside: str) -> str | None:
        return (await self.log.verify(KEY.keys(ORIGIN), outside=outside)).fault


@pytest.fixture
async def world(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    kv, alarms = EmbeddedKeyValueStore(tmp_path / "kv.db", clock), list[str]()
    log = compose_public_log(database, clock, kv, KEY, issuer="https://city.example.cn", alarm=alarms.append)
    yield World(await SealOffice(database, clock).with_seal(), log, database, alarms)
    await kv.close()


def digest(sealed: SealedPdf) -> str:
    return hashlib.sha256(sealed.content).hexdigest()


def checked(document: object, *, key: OneNoteKey = KEY, file: bytes | None = None) -> CheckedReceipt:
    return check_receipt(json.dumps(document).encode(), ORIGIN, key.keys(ORIGIN), FakeClock(), file=file)


async def test_a_receipt_proves_with_the_pinned_key_alone_that_a_file_was_entered(world: World) -> None:
    first, second = await world.press("one"), await world.press("two")
    await world.log.keep()
    receipt: Any = (await world.log.prove.receipt(digest(second))).document()
    found = checked(receipt, file=second.content)
    assert (found.fault, found.index, found.size) == (None, 2, 3)  # behind the making of the seal
    seal = await world.seal()
    entry = found.entry
    assert (entry.event, entry.seal, entry.at) == (LogEvent.SIGNATURE, seal.code, second.signed_at)
    assert (entry.document, entry.certificate) == (digest(second), hashlib.sha256(seal.certificate).hexdigest())

    assert checked(receipt, file=first.content).fault == "other-file"
    assert checked(receipt, key=OneNoteKey()).fault == "not-signed"
    other = json.loads(json.dumps(receipt))
    other["entry"] = receipt["entry"].replace(digest(second), digest(first))
    assert checked(other, file=first.content).fault == "not-the-root"
    assert checked({**receipt, "index": 1}).fault == "not-the-root"
    assert checked({**receipt, "index": 3}).fault == "not-the-root"
    assert checked({**receipt, "path": receipt["path"][:-1]}).fault == "not-the-root"


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b"{", b'{"entry":"{}","index":0,"path":[],"checkpoint":""}', b'{"a":' * 50_000, b" " * 200_000],
    ids=["empty", "list", "open", "no entry", "deep", "long"],
)
async def test_what_is_no_receipt_is_refused(document: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_receipt(document, ORIGIN, KEY.keys(ORIGIN), FakeClock())
    assert refused.value.code == "receipt-malformed"


async def test_the_life_of_a_seal_is_entered_in_the_unit_that_changes_it(world: World) -> None:
    seal = await world.seal()
    for status in (SealStatus.SUSPENDED, SealStatus.ACTIVE, SealStatus.REVOKED):
        await world.office.change_status(seal.id, status, actor=SYSTEM)
    with pytest.raises(AppError):  # it is at its end
        await world.office.change_status(seal.id, SealStatus.ACTIVE, actor=SYSTEM)
    entries = [read_entry(body) for body in await world.bodies()]
    told = [LogEvent.MADE, LogEvent.SUSPENDED, LogEvent.RESUMED, LogEvent.REVOKED]
    assert [one.event for one in entries] == told
    assert {one.seal for one in entries} == {seal.code}


async def test_what_is_refused_is_not_entered(world: World) -> None:
    seal = await world.seal()
    await world.office.change_status(seal.id, SealStatus.SUSPENDED, actor=SYSTEM)
    with pytest.raises(SealNotActive):
        await world.office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE))
    assert LogEvent.SIGNATURE not in [read_entry(body).event for body in await world.bodies()]


async def test_a_receipt_comes_with_the_checkpoint_that_covers_it(world: World) -> None:
    with pytest.raises(NotFound) as unknown:
        await world.log.prove.receipt("0" * 64)
    assert unknown.value.code == "signature-not-logged"
    sealed = await world.press()
    with pytest.raises(Conflict) as waiting:
        await world.log.prove.receipt(digest(sealed))
    await place_waiting(world.database, SqlPublicLog())
    with pytest.raises(Conflict) as placed:
        await world.log.prove.receipt(digest(sealed))
    assert waiting.value.code == placed.value.code == "signature-log-behind"
    await world.log.keep.cover(digest(sealed))
    assert checked((await world.log.prove.receipt(digest(sealed))).document()).fault is None
    await world.press("two")
    before = await world.log.prove.checkpoint()
    await world.log.keep.cover(digest(sealed))
    assert await world.log.prove.checkpoint() == before  # it was covered already


async def test_places_have_no_gaps_however_many_place_at_once(world: World) -> None:
    async def press_and_place(number: int) -> None:
        await world.press(f"paper {number}")
        await place_waiting(world.database, SqlPublicLog())

    await asyncio.gather(*(press_and_place(number) for number in range(8)))
    await place_waiting(world.database, SqlPublicLog())
    async with world.database.read() as tx:
        places = (await tx.connection.execute(select(seal_log_entry.c.place))).scalars().all()
        assert await SqlPublicLog().size(tx) == 9
    assert sorted(places) == list(range(9))


async def test_two_workers_sign_one_log(world: World) -> None:
    await world.press()
    await asyncio.gather(world.log.keep(), world.log.keep())
    assert (await world.log.prove.checkpoint()).size == 2
    assert await world.fault() is None


async def test_growth_is_proved_and_every_checkpoint_is_in_the_audit_log(world: World) -> None:
    sizes = []
    for text in ("one", "two", "three"):
        await world.press(text)
        made = await world.log.keep()
        assert made is not None
        sizes.append(made.size)
    growth = await world.log.prove.growth(sizes[0], sizes[2])
    first, second = growth.first, growth.second
    assert is_consistent(first.size, first.root, second.size, second.root, growth.path)
    with pytest.raises(InvalidInput):
        await world.log.prove.growth(sizes[2], sizes[0])
    with pytest.raises(NotFound):
        await world.log.prove.growth(sizes[0], sizes[2] + 1)
    assert await world.log.keep() is None  # nothing to sign
    async with world.database.read() as tx:
        query = select(audit_event.c.detail).where(audit_event.c.action == "seal.log.checkpoint")
        noted = [dict(row) for row in (await tx.connection.execute(query)).scalars()]
    assert [one["size"] for one in noted] == sizes
    assert noted[-1]["root"] == second.root.hex()


async def test_anybody_computes_the_root_from_the_tiles(world: World) -> None:
    filling = [{"place": None, "document": f"{n:064x}", "body": _body(n)} for n in range(270)]
    async with world.database.write() as tx:
        await tx.connection.execute(seal_log_entry.insert(), filling)
        await tx.commit()
    await world.log.keep()
    head = read_note((await world.log.prove.checkpoint()).note).head
    assert head.size == 271
    bundles = await world.log.prove.entries(0, 256) + await world.log.prove.entries(1, 15)
    bodies = _unpacked(bundles)
    tree = Growing()
    for body in bodies:
        read_entry(body)
        tree.append(leaf_hash(body))
    assert tree.root() == head.root
    leaves = await world.log.prove.tile(0, 0, 256) + await world.log.prove.tile(0, 1, 15)
    assert leaves == b"".join(leaf_hash(body) for body in bodies)
    whole = Growing()
    for body in bodies[:256]:
        whole.append(leaf_hash(body))
    assert await world.log.prove.tile(1, 0, 1) == whole.root()
    for level, place, width in ((0, 1, 16), (0, 2, 1), (1, 0, 2), (2, 0, 1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(NotFound):
            await world.log.prove.tile(level, place, width)
    with pytest.raises(NotFound):
        await world.log.prove.entries(1, 16)


async def test_a_changed_log_is_found_and_gets_no_further_checkpoint(world: World) -> None:
    sealed = await world.press("one")
    await world.log.keep()
    note = (await world.log.prove.checkpoint()).note
    assert await world.fault() is None
    forged = (await world.bodies())[1].replace(digest(sealed).encode(), b"0" * 64)
    await world.tamper(update(seal_log_entry).where(seal_log_entry.c.place == 1).values(body=forged))
    assert await world.fault() == "not-as-signed"
    await world.press("two")
    with pytest.raises(Conflict) as refused:
        await world.log.keep()
    assert refused.value.code == "signature-log-changed"
    assert world.alarms == ["signature-log-changed"]
    # written anew with its checkpoints by somebody who has the tables: only what was kept elsewhere finds it
    await world.tamper(delete(seal_log_checkpoint), delete(seal_log_tile))
    await world.log.keep()
    assert await world.fault(note) == "not-as-signed"


async def test_a_cut_tail_a_strange_entry_and_a_secret_use_are_found(world: World) -> None:
    await world.press("one")
    await world.press("two")
    await world.log.keep()
    strange = OneNoteKey()
    assert (await world.log.verify(strange.keys(ORIGIN))).fault == "checkpoint-forged"
    (last,) = (await world.bodies())[2:]
    await world.tamper(delete(seal_log_entry).where(seal_log_entry.c.place == 2))
    assert await world.fault() == "tail-cut"
    await world.tamper(seal_log_entry.insert().values(place=2, document=None, body=last))
    assert await world.fault() == "ledger-differs"  # the ledger has a file that no entry names
    await world.tamper(update(seal_log_entry).where(seal_log_entry.c.place == 2).values(body=last + b" "))
    assert await world.fault() == "entry-malformed"


async def test_a_use_from_before_the_log_is_no_fault(world: World) -> None:
    await world.press("one")
    await world.tamper(
        delete(seal_log_entry).where(seal_log_entry.c.document.is_not(None)),
        update(seal_signature).values(certificate=None),
    )
    await world.log.keep()
    assert await world.fault() is None


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body + b" ",
        lambda body: body.replace(b'"v":1', b'"v":2'),
        lambda body: body.replace(b'"v":1', b'"v":1,"x":1'),
        lambda body: body.replace(b"seal-made", b"seal-eaten"),
        lambda body: body.replace(b'"event":"seal-made"', b'"event":"signature"'),
        lambda body: body.replace(b"Z", b"+00:00"),
        lambda body: body.replace(b"T", b" "),
        lambda body: body.replace(b'"seal":"4', b'"seal":"x'),
        lambda _: b"\xff",
        lambda _: b"[" * 5000,
    ],
)
def test_an_entry_has_one_form(change: Any) -> None:
    body = _body(1)
    assert read_entry(body).body() == body
    head = b'{"at":"2026-11-26T00:00:00Z","certificate":"%s",' % (b"0" * 64)
    made = head + b'"event":"seal-made","seal":"4101990000017","v":1}'
    assert read_entry(made).body() == made
    with pytest.raises(EntryRefused):
        read_entry(change(made))


def _body(number: int) -> bytes:
    line = {
        "at": "2026-11-26T00:00:00Z",
        "certificate": "0" * 64,
        "document": f"{number:064x}",
        "event": "signature",
        "seal": "4101990000017",
        "v": 1,
    }
    return json.dumps(line, separators=(",", ":")).encode()


def _unpacked(bundle: bytes) -> list[bytes]:
    found = []
    while bundle:
        length = int.from_bytes(bundle[:2])
        found.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return found
