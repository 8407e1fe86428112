"""Files that wait for a second person: kept while their request stands, gone when nothing refers to them."""

from __future__ import annotations

import pytest

from core.db.database import Database
from keys.reencrypt.documents import RemoveDiscarded
from keys.reencrypt.listed import UNWRITTEN_FOR
from keys.stores.reencryption import SqlDiscardList
from signing.stores.key_holders import request_documents
from signing.uses import ask
from signing.uses.ask import AskCommand, request_context
from tests.support.clock import FakeClock
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, SealOffice


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    return SealOffice(sqlite_database, clock)


async def _asked(office: SealOffice) -> AskCommand:
    seal = await office.make_seal()
    await office.grant(seal, approval=True)
    return AskCommand(pdf(), seal.id, CLIENT, "document", "公租房资格证明")


async def _sweep(office: SealOffice) -> int:
    shared = (office.database, office.vault, SqlDiscardList(), office.clock)
    kept = request_documents(*shared)  # type: ignore[arg-type]  # a vault in memory
    remove = RemoveDiscarded(office.database, SqlDiscardList(), office.vault, [kept], office.clock)  # type: ignore[arg-type]
    return await remove()


async def test_a_file_whose_request_was_never_written_goes(office: SealOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks may be killed after the file was stored and before the request is."""
    command = await _asked(office)

    class Killed(BaseException): ...

    async def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(ask, "add_request", killed)
        await office.uses.ask(command)
    assert len(office.vault.kept) == 1
    assert await _sweep(office) == 0, "the request might still be written"
    office.clock.advance(UNWRITTEN_FOR.total_seconds())
    assert await _sweep(office) == 1
    assert office.vault.kept == {}


async def test_a_file_whose_request_stands_stays(office: SealOffice) -> None:
    request = await office.uses.ask(await _asked(office))
    office.clock.advance(UNWRITTEN_FOR.total_seconds())
    assert await _sweep(office) == 0
    assert request.document is not None
    assert await office.vault.open(request.document, context=request_context(request.id)) == pdf()
