"""Puts together what the adapters of older interfaces stand on."""

from __future__ import annotations

from dataclasses import dataclass

from api.wiring.certstore import CertstoreGround, CertstoreServices, repository_of
from certstore.exchange.cause import FindItem
from certstore.exchange.dictionary import TypeDictionary
from certstore.exchange.items import OwnItems
from certstore.exchange.making import MakeLicences
from certstore.exchange.people import UseInPerson
from certstore.exchange.share import ShareLicences
from certstore.ports import HolderDirectory, OrganisationDirectory
from certstore.stores.granted_items import SqlGrantedItems


@dataclass(frozen=True)
class ExchangeServices:
    """The use cases."""

    share: ShareLicences
    in_person: UseInPerson
    make: MakeLicences
    dictionary: TypeDictionary
    find_item: FindItem
    items: OwnItems


def compose_exchange(
    ground: CertstoreGround,
    certstore: CertstoreServices,
    *,
    holders: HolderDirectory,
    organisations: OrganisationDirectory,
) -> ExchangeServices:
    """Compose over the repository's use cases."""
    repository = repository_of(ground)
    find_item = FindItem(repository, SqlGrantedItems())
    use = certstore.use
    return ExchangeServices(
        share=ShareLicences(repository, find_item, use.codes, use.redeem, certstore.copies, organisations),
        in_person=UseInPerson(repository, use.codes, certstore.consents, holders, certstore.entrusting.agencies),
        make=MakeLicences(repository, certstore.catalogue, certstore.life.drafts, certstore.end),
        dictionary=TypeDictionary(repository),
        find_item=find_item,
        items=OwnItems(repository),
    )
