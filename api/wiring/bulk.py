"""Puts together the taking over of registers."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass

from api.wiring.certstore import CertstoreGround, repository_of
from certstore.bulk.intake import TakeIn
from certstore.bulk.keep import KeepImports
from certstore.bulk.parts import PartDocuments
from certstore.bulk.run import RunImports
from certstore.bulk.steer import SteerImports
from certstore.bulk.twice import SeenBefore
from certstore.making import VersionMaker
from certstore.stores.bulk import SqlImportStore
from keys.stores.reencryption import SqlDiscardList


@dataclass(frozen=True)
class BulkServices:
    """The use cases, and the work behind them."""

    take_in: TakeIn
    steer: SteerImports
    run: RunImports
    keep: KeepImports

    def background(self) -> Iterable[Coroutine[None, None, None]]:
        return (self.run.forever(), self.keep.forever())


def compose_bulk(ground: CertstoreGround, maker: VersionMaker) -> BulkServices:
    """Compose from ports."""
    repository, store = repository_of(ground), SqlImportStore()
    parts = PartDocuments(ground.documents, ground.database, SqlDiscardList(), ground.clock)
    return BulkServices(
        take_in=TakeIn(repository, store, parts),
        steer=SteerImports(repository, store, parts),
        run=RunImports(repository, store, parts, maker, SeenBefore(repository, store, ground.index)),
        keep=KeepImports(ground.database, store, parts, ground.clock),
    )
