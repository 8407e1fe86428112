"""Originals that last: what is added follows what was issued, once, and a worker may be killed at any point."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from certstore.documents import SealedDocuments
from certstore.lasting.ports import Prolonged
from certstore.lasting.prolong import ProlongOriginals
from certstore.model import FileKind, Lasting
from certstore.stores.lasting import SqlFileCareStore
from certstore.stores.lasting_tables import licence_file_care
from certstore.stores.tables import licence_file
from core.errors import AppError, Unavailable
from core.text import Text
from keys.stores.reencryption import SqlDiscardList
from tests.support.certstore_world import LAND_SYSTEM, World


class Stamps:
    """A `Prolonger` that adds a line, unless it is to fail."""

    def __init__(self) -> None:
        self.fault: AppError | None = None
        self.calls = 0

    async def __call__(self, content: bytes, *, signature_id: str) -> Prolonged:
        self.calls += 1
        if self.fault is not None:
            raise self.fault
        return Prolonged(content + b"%STAMP\n", Lasting("PAdES-B-LTA", None))


@pytest.fixture
def stamps() -> Stamps:
    return Stamps()


def worker_of(city: World, stamps: Stamps, *, older_too: bool = True) -> ProlongOriginals:
    discards, documents = SqlDiscardList(), city.services.read._documents
    return ProlongOriginals(
        city.database, SqlFileCareStore(), documents, discards, stamps, city.clock, older_too=older_too
    )


async def issued(city: World) -> tuple[str, bytes]:
    made = await city.issue_property()
    return made.id, (await city.services.read.original(made.id, LAND_SYSTEM)).content


async def test_what_was_issued_stays_in_front_and_is_handed_out_with_what_follows(city: World, stamps: Stamps) -> None:
    licence_id, former = await issued(city)
    assert await worker_of(city, stamps, older_too=False)() == 0, "nobody asked for older ones"
    assert await worker_of(city, stamps)() == 1
    file = await city.services.read.original(licence_id, LAND_SYSTEM)
    assert file.content == former + b"%STAMP\n"
    (line,) = await city.services.read.versions(licence_id, LAND_SYSTEM)
    assert line.chained, "the chain knows the revision that was sealed"
    assert line.sha256 != file.sha256
    assert await worker_of(city, stamps)() == 0, "once"
    (event,) = [one for one in await city.events() if one["action"] == "licence.file.extend"]
    assert event["subject"] == licence_id


async def test_a_document_that_is_not_the_licences_is_refused(city: World, stamps: Stamps) -> None:
    """Bytes that were changed at rest, or put in another file's place, reach nobody, longer or not."""
    licence_id, _ = await issued(city)
    assert await worker_of(city, stamps)() == 1
    documents = city.services.read._documents
    async with city.database.write() as tx:
        file = (await tx.connection.execute(select(licence_file))).one()
        address, sealed = documents._vault.seal(b"%PDF of another", context=f"licence_file.content:{file.id}")
        await documents._vault.put(sealed)
        await tx.connection.execute(update(licence_file).values(content=address))
        await tx.commit()
    with pytest.raises(Unavailable) as refused:
        await city.services.read.original(licence_id, LAND_SYSTEM)
    assert refused.value.code == "document-damaged"


async def test_of_many_workers_one_prolongs(both_cities: World, stamps: Stamps) -> None:
    licence_id, former = await issued(both_cities)
    done = await asyncio.gather(*(worker_of(both_cities, stamps)() for _ in range(4)))
    assert (sorted(done), stamps.calls) == ([0, 0, 0, 1], 1)
    file = await both_cities.services.read.original(licence_id, LAND_SYSTEM)
    assert file.content == former + b"%STAMP\n"


async def test_what_fails_is_tried_again_later_and_later(city: World, stamps: Stamps) -> None:
    await issued(city)
    stamps.fault = Unavailable("timestamp-unavailable", Text("没有", "none"))
    worker = worker_of(city, stamps)
    assert (await worker(), await worker(), stamps.calls) == (0, 0, 1)
    for wait, calls in ((119, 1), (2, 2), (239, 2), (2, 3)):
        city.clock.advance(wait)
        await worker()
        assert stamps.calls == calls
    async with city.database.read() as tx:
        row = (await tx.connection.execute(select(licence_file_care))).one()
    assert (row.tries, row.fault) == (3, "timestamp-unavailable")
    stamps.fault = None
    city.clock.advance(dt.timedelta(hours=12).total_seconds())
    assert await worker() == 1


async def test_a_worker_that_is_killed_leaves_the_file_as_it_was(city: World, stamps: Stamps) -> None:
    """Killed after the longer file was stored, before its row; another worker takes it up when the lease ends."""
    licence_id, former = await issued(city)

    class Killed(BaseException): ...

    async def killed(*_: object) -> bool:
        raise Killed

    worker = worker_of(city, stamps)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(worker, "_replace", killed)
        await worker()
    assert (await city.services.read.original(licence_id, LAND_SYSTEM)).content == former
    assert await worker_of(city, stamps)() == 0, "the lease of the dead worker holds"
    city.clock.advance(601)
    assert await worker_of(city, stamps)() == 1


async def test_copies_are_known_by_all_of_their_bytes(city: World) -> None:
    """They end within weeks and are never renewed, so what follows the signature is as fixed as the rest."""
    documents: SealedDocuments = city.services.read._documents
    sealed = await city.sealer.seal(
        b"%PDF-",
        organisation="x",
        licence_id="y",
        actor=LAND_SYSTEM,
        placement=None,  # type: ignore[arg-type]
    )
    longer = replace(sealed, revision=5, lasting=Lasting("PAdES-B-LTA", None))
    copy = await documents.keep(longer, licence_id="y", version=1, kind=FileKind.ANNOTATED_COPY)
    original = await documents.keep(longer, licence_id="y", version=1, kind=FileKind.ORIGINAL)
    assert (copy.size, copy.lasting) == (len(sealed.content), None)
    assert (original.size, original.lasting) == (5, longer.lasting)
    assert await documents.content(copy) == await documents.content(original) == sealed.content
