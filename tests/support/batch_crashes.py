"""The moments of a file's way at which a worker may die, and workers that do.

`python -m tests.support.batch_crashes DATABASE FOLDER BATCH` lets one worker after the other go on with the batch. Each
is killed by SIGKILL at another moment, at a file further on, and leaves its lease behind.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from core.db.database import Database
from core.db.engine import create_engine
from core.db.units import WriteTx
from keys.secrets.vault import EncryptedVault
from signing.batches.run import LEASE
from signing.batches.sources import BatchSources
from signing.stores.batches import SqlBatchStore
from tests.support.batch_world import BatchOffice, vault
from tests.support.clock import FakeClock
from tests.support.signing_fakes import PlainKeys, PlainSigner
from tests.support.signing_world import SealOffice


class Doomed:
    """A worker that dies at one file, at one moment."""

    def __init__(self, file_id: str) -> None:
        self._file_id = file_id
        self._now = False  # the file is the one in hand

    def at(self, owner: Any, name: str, *, after: bool) -> None:
        """Die before, or after, `owner.name` has done its work on the file."""
        real = getattr(owner, name)

        async def dying(*given: Any, **named: Any) -> Any:
            if self._now and not after:
                _die()
            result = await real(*given, **named)
            if self._now:
                _die()
            return result

        setattr(owner, name, dying)

    def at_signing(self) -> None:
        """Die when the key has signed, in the thread where it did."""
        real = PlainSigner.sign

        def dying(signer: PlainSigner, message: bytes) -> bytes:
            value = real(signer, message)
            if self._now:
                _die()
            return value

        PlainSigner.sign = dying  # type: ignore[method-assign]

    def at_its_commit(self, *, after: bool) -> None:
        """Die before, or after, the commit of the unit that settles the file."""
        settle, settled = SqlBatchStore.seal, set[int]()

        async def noting(store: SqlBatchStore, tx: WriteTx, *given: Any) -> bool:
            settled.add(id(tx))
            return await settle(store, tx, *given)

        SqlBatchStore.seal = noting  # type: ignore[method-assign]
        commit = WriteTx.commit

        async def dying(tx: WriteTx) -> None:
            doomed = self._now and id(tx) in settled
            if doomed and not after:
                _die()
            await commit(tx)
            if doomed:
                _die()

        WriteTx.commit = dying  # type: ignore[method-assign]

    def watch(self) -> None:
        """Know which file is in hand."""
        real = BatchSources.open

        async def watching(sources: BatchSources, file_id: str, address: str) -> bytes:
            self._now = file_id == self._file_id
            return await real(sources, file_id, address)

        BatchSources.open = watching  # type: ignore[method-assign]


MOMENTS: dict[str, Callable[[Doomed], None]] = {
    "claimed": lambda doomed: doomed.at(EncryptedVault, "open", after=False),
    "signed": lambda doomed: doomed.at_signing(),
    "stored": lambda doomed: doomed.at(EncryptedVault, "put", after=True),
    "settled, not committed": lambda doomed: doomed.at_its_commit(after=False),
    "committed": lambda doomed: doomed.at_its_commit(after=True),
}
KEY_FILE, SEED_FILE = "seal.pem", "seal.purpose"


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def work(address: str, folder: Path, batch_id: str, round_: int, moment: str) -> None:
    """Go on with the batch until the file whose number is the round's, plus one."""
    clock = FakeClock()
    clock.advance(round_ * (LEASE.total_seconds() + 1))  # the lease of the worker before has ended
    database = Database(create_engine(address), clock)
    key: Any = load_pem_private_key((folder / KEY_FILE).read_bytes(), None)
    keys = PlainKeys({(folder / SEED_FILE).read_text(): PlainSigner(key)})
    batches = BatchOffice(SealOffice(database, clock, keys=keys, vault=vault(folder / "documents")))
    doomed = Doomed((await batches.files(batch_id))[round_ + 1].id)
    doomed.watch()
    MOMENTS[moment](doomed)
    await batches.services.run.through()


def main(address: str, folder: Path, batch_id: str) -> None:
    """Each worker is a process of its own."""
    for number, moment in enumerate(MOMENTS):
        worker = os.fork()
        if worker == 0:
            asyncio.run(work(address, folder, batch_id, number, moment))
            os._exit(0)
        _, status = os.waitpid(worker, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(f"the worker was to be killed at {moment!r}, and ended with {os.WEXITSTATUS(status)}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
