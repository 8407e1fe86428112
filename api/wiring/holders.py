"""Puts together what holders do with their licences, and what they are told."""

from __future__ import annotations

from dataclasses import dataclass

from api.wiring.certstore import CertstoreGround, repository_of
from certstore.holder_news import HolderNews
from certstore.look_delays import LookDelays
from certstore.objections.evidence import EvidenceFiles
from certstore.objections.handling import HandleObjection
from certstore.objections.looking import LookAtObjections
from certstore.objections.raising import RaiseObjection
from certstore.ports import HolderDirectory, OrganisationDirectory
from certstore.shares.make import Shares
from certstore.shares.open import OpenShare
from certstore.stores.look_delays import SqlLookDelayStore
from certstore.stores.objections import SqlObjectionStore
from certstore.stores.shares import SqlShareStore
from keys.stores.reencryption import SqlDiscardList


@dataclass(frozen=True)
class HolderServices:
    """The use cases of holders, and those of offices that answer them."""

    look_delays: LookDelays
    shares: Shares
    open_share: OpenShare
    objections: LookAtObjections
    raise_objection: RaiseObjection
    handle_objection: HandleObjection


def compose_holders(
    ground: CertstoreGround, *, holders: HolderDirectory, organisations: OrganisationDirectory, news: HolderNews
) -> HolderServices:
    """Compose from ports."""
    repository = repository_of(ground)
    shares = SqlShareStore(ground.fields, ground.index)
    objections = SqlObjectionStore(ground.fields, ground.index)
    evidence = EvidenceFiles(ground.documents, ground.clock, ground.database, SqlDiscardList())
    return HolderServices(
        look_delays=LookDelays(repository, SqlLookDelayStore()),
        shares=Shares(repository, shares, holders, ground.digests),
        objections=LookAtObjections(repository, objections, evidence, holders, organisations),
        raise_objection=RaiseObjection(repository, objections, evidence, holders),
        handle_objection=HandleObjection(repository, objections, news),
        open_share=OpenShare(repository, shares, organisations, ground.digests),
    )
