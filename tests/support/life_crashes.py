"""The moments between rendering, sealing, storing and committing at which a step may die, and a worker that does.

`python -m tests.support.life_crashes DATABASE FOLDER LICENCE MOMENT` begins a renewal and is killed at that moment.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import select

from certstore.stores.files import SqlFileStore
from certstore.stores.tables import licence_version
from core.db.database import Database
from core.db.engine import create_engine
from core.db.units import WriteTx
from keys.secrets.vault import EncryptedVault
from tests.support.certstore_world import composed
from tests.support.clock import FakeClock
from tests.support.licence_life import Life

Die = Callable[[], NoReturn]
KEY = "dies"


def _dies(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, die: Die, *, after: bool) -> None:
    """Let `owner.name` die, before or after it has done its work."""
    real = getattr(owner, name)

    async def dying(*given: Any, **named: Any) -> Any:
        if after:
            await real(*given, **named)
        die()

    monkeypatch.setattr(owner, name, dying)


def _render(life: Life, patch: pytest.MonkeyPatch, die: Die) -> None:
    _dies(patch, _files(life)._renderer, "render", die, after=True)


def _seal(life: Life, patch: pytest.MonkeyPatch, die: Die) -> None:
    _dies(patch, life.city.sealer, "seal", die, after=True)


def _listed(life: Life, patch: pytest.MonkeyPatch, die: Die) -> None:
    _dies(patch, EncryptedVault, "put", die, after=False)


def _stored(life: Life, patch: pytest.MonkeyPatch, die: Die) -> None:
    _dies(patch, EncryptedVault, "put", die, after=True)


def _file_row(life: Life, patch: pytest.MonkeyPatch, die: Die) -> None:
    _dies(patch, SqlFileStore, "add", die, after=True)


def _commit(life: Life, patch: pytest.MonkeyPatch, die: Die) -> None:
    real = WriteTx.commit

    async def dying(self: WriteTx) -> None:
        if await holds_version(self, 2):
            die()
        await real(self)

    patch.setattr(WriteTx, "commit", dying)


async def holds_version(tx: WriteTx, number: int) -> bool:
    query = select(licence_version.c.number).where(licence_version.c.number == number)
    return (await tx.connection.execute(query)).first() is not None


def _files(life: Life) -> Any:
    renew: Any = life.services.renew
    return renew._maker._files


MOMENTS: dict[str, Callable[[Life, pytest.MonkeyPatch, Die], None]] = {
    "rendered": _render,
    "sealed": _seal,
    "listed, not stored": _listed,
    "stored, no row": _stored,
    "row, no commit": _file_row,
    "all but the commit": _commit,
}


def _killed() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a process that was killed goes on")


async def main(address: str, folder: Path, licence_id: str, moment: str) -> None:
    """Renew the licence, and be killed on the way."""
    clock = FakeClock()
    database = Database(create_engine(address), clock)
    async with composed(database, clock, folder) as city:
        life = Life(city)
        MOMENTS[moment](life, pytest.MonkeyPatch(), _killed)
        await life.renew(await life.by_id(licence_id), key=KEY)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
