"""Puts the sealing of many files together."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database
from keys.ports import FieldCipher
from keys.stores.reencryption import SqlDiscardList
from signing.batches.decide import DecideBatch
from signing.batches.gather import GatherBatch
from signing.batches.keep import KeepBatches
from signing.batches.look_up import Batches
from signing.batches.ports import Receivers, SealUsers
from signing.batches.results import BatchResults
from signing.batches.run import RunBatches
from signing.batches.sources import BatchSources
from signing.batches.start import SteerBatch
from signing.batches.tell import TellReceivers
from signing.longlife.ports import KeepingVault
from signing.seal_file import SealFile
from signing.stores.batches import SqlBatchStore
from signing.stores.requests import SqlUseRequestStore
from signing.stores.sql import SqlSealStore
from signing.use_rights import UseRights


@dataclass(frozen=True)
class BatchServices:
    """The use cases, and the work behind them."""

    gather: GatherBatch
    steer: SteerBatch
    decide: DecideBatch
    look: Batches
    results: BatchResults
    run: RunBatches
    keep: KeepBatches
    tell: TellReceivers

    def background(self) -> Iterable[Coroutine[None, None, None]]:
        return (self.run.forever(), self.keep.forever(), self.tell.forever())


def compose_batches(
    database: Database,
    vault: KeepingVault,
    fields: FieldCipher,
    clock: Clock,
    seal_file: SealFile,
    *,
    users: SealUsers,
    receivers: Receivers,
) -> BatchServices:
    """Compose from ports.

    Args:
        fields: seals the names of files.
    """
    store, seals = SqlBatchStore(fields), SqlSealStore()
    sources = BatchSources(database, vault, SqlDiscardList(), clock)
    rights = UseRights(database, seals, SqlUseRequestStore(), clock)
    look = Batches(database, store, seals, sources, vault)
    return BatchServices(
        gather=GatherBatch(database, store, rights, sources, receivers, clock),
        steer=SteerBatch(database, store, rights, clock),
        decide=DecideBatch(database, store, seals, clock),
        look=look,
        results=BatchResults(database, look),
        run=RunBatches(database, store, sources, users, seal_file, clock),
        keep=KeepBatches(database, store, sources, clock),
        tell=TellReceivers(database, store, receivers, clock),
    )
