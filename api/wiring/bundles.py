"""Puts together how catalogues are taken out and in."""

from __future__ import annotations

from dataclasses import dataclass

from api.wiring.certstore import CertstoreGround, CertstoreServices, repository_of
from certstore.bundle.here import Shelves
from certstore.bundle.signed import KnownKeysJudge
from certstore.bundle.take_in import TakeInCatalogue
from certstore.bundle.take_out import TakeOutCatalogue
from certstore.bundle.trying import TryPlan
from certstore.presentation.signed import Declarations
from certstore.stores.templates import SqlTemplateStore


@dataclass(frozen=True)
class BundleServices:
    """The use cases of catalogues as files."""

    take_out: TakeOutCatalogue
    take_in: TakeInCatalogue


def compose_bundles(
    ground: CertstoreGround, certstore: CertstoreServices, declarations: Declarations
) -> BundleServices:
    """Compose from what the repository has already."""
    repository = repository_of(ground)
    shelves = Shelves(repository.catalogue, SqlTemplateStore())
    trying = TryPlan(ground.database, shelves, certstore.templates, certstore.renderer, certstore.files)
    return BundleServices(
        TakeOutCatalogue(repository, shelves, declarations, ground.issuer),
        TakeInCatalogue(repository, shelves, trying, KnownKeysJudge(declarations.keys, ground.clock)),
    )
