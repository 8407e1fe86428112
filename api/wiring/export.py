"""Puts the copy of people's data together: its sources are in every domain."""

from __future__ import annotations

from dataclasses import dataclass

from api.export_chapters import LicenceChapters
from api.holder_chapters import HolderChapters
from api.wiring.certstore import CertstoreServices
from api.wiring.ground import Ground
from api.wiring.holders import HolderServices
from api.wiring.idp import IdpServices
from idp.export.content import ExportContent
from idp.export.own import OwnExport
from idp.export.work import MakeExports


@dataclass(frozen=True)
class ExportServices:
    """Ready use cases."""

    own: OwnExport
    make: MakeExports


def build_export(ground: Ground, idp: IdpServices, certstore: CertstoreServices, own: HolderServices) -> ExportServices:
    store = idp.exports
    content = ExportContent(ground.kv, ground.keys.secrets.fields.short_lived)
    licences = LicenceChapters(
        certstore.my_licences, certstore.read, certstore.my_accesses, certstore.consents, own.attachments
    )
    sources = (*idp.export_sources, licences, HolderChapters(own.shares, own.objections, certstore.entrusting.look))
    return ExportServices(
        OwnExport(ground.database, store, content, idp.factors.visits, ground.clock),
        MakeExports(ground.database, store, content, sources, ground.clock),
    )
