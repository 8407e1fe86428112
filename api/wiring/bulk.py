"""Puts together the taking over of registers."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass

from api.wiring.certstore import CertstoreGround, repository_of
from certstore.bulk.intake import TakeIn
from certstore.bulk.keep import KeepImports
from certstore.bulk.parts import PartDocuments
from certstore.bulk.ports import KnownPersons
from certstore.bulk.reconcile import Reconcile
from certstore.bulk.run import RunImports
from certstore.bulk.steer import SteerImports
from certstore.bulk.twice import SeenBefore
from certstore.making import VersionMaker
from certstore.ports import OrganisationDirectory
from certstore.stores.bulk import SqlImportStore
from certstore.stores.held_names import SqlHeldNames
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


def compose_bulk(
    ground: CertstoreGround, maker: VersionMaker, *, organisations: OrganisationDirectory, persons: KnownPersons
) -> BulkServices:
    """Compose from ports."""
    repository, store = repository_of(ground), SqlImportStore()
    parts = PartDocuments(ground.documents, ground.database, SqlDiscardList(), ground.clock)
    return BulkServices(
        take_in=TakeIn(repository, store, parts),
        steer=SteerImports(repository, store, parts, organisations),
        run=RunImports(
            repository,
            store,
            parts,
            maker,
            SeenBefore(repository, store, ground.index),
            Reconcile(ground.database, SqlHeldNames(ground.fields, ground.index), persons),
        ),
        keep=KeepImports(ground.database, store, parts, ground.clock),
    )
