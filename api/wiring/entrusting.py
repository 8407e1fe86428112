"""Puts together entrusting (委托): what people let others decide for them, and how that becomes a mandate."""

from __future__ import annotations

from dataclasses import dataclass

from certstore.entrust.agencies import AllAgencies
from certstore.entrust.answer import AnswerEntrustment
from certstore.entrust.end import EndEntrustment
from certstore.entrust.give import GiveEntrustment
from certstore.entrust.look import LookAtEntrustments
from certstore.entrust.ports import PersonDirectory
from certstore.entrust.telling import TellOtherSide
from certstore.entrust.waiting import WaitingForAgent
from certstore.holder_news import HolderNews
from certstore.ports import AgencyDirectory, OrganisationDirectory
from certstore.repository import Repository
from certstore.stores.entrustments import SqlEntrustmentStore
from certstore.stores.uses import SqlUseCodeStore
from core.kv.port import KeyValueStore
from keys.ports import BlindIndex, FieldCipher, TokenDigests


@dataclass(frozen=True)
class EntrustServices:
    """The use cases, and who may act for whom: for organisations and for persons."""

    give: GiveEntrustment
    answer: AnswerEntrustment
    end: EndEntrustment
    look: LookAtEntrustments
    waiting: WaitingForAgent
    agencies: AgencyDirectory


def compose_entrusting(
    repository: Repository,
    *,
    persons: PersonDirectory,
    organisations: OrganisationDirectory,
    for_organisations: AgencyDirectory,
    fields: FieldCipher,
    index: BlindIndex,
    kv: KeyValueStore,
    news: HolderNews,
    digests: TokenDigests,
) -> EntrustServices:
    """Compose over the repository's stores."""
    store = SqlEntrustmentStore(fields, index)
    tell = TellOtherSide(persons, news)
    agencies = AllAgencies(repository, store, persons, for_organisations)
    return EntrustServices(
        give=GiveEntrustment(repository, store, persons, kv, tell, digests),
        answer=AnswerEntrustment(repository, store, persons, tell),
        end=EndEntrustment(repository, store, persons, SqlUseCodeStore(), tell),
        look=LookAtEntrustments(repository, store, persons, organisations),
        waiting=WaitingForAgent(repository, persons, agencies, organisations),
        agencies=agencies,
    )
