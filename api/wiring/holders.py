"""Puts together what holders do with their licences, and what they are told."""

from __future__ import annotations

from dataclasses import dataclass

from api.wiring.certstore import CertstoreGround, repository_of
from certstore.attachments.keep import Attachments
from certstore.departures.follow import FollowDeaths
from certstore.departures.look import LookAtDepartures
from certstore.holder_news import HolderNews
from certstore.holder_upkeep import HolderUpkeep
from certstore.look_delays import LookDelays
from certstore.objections.evidence import EvidenceFiles
from certstore.objections.handling import HandleObjection
from certstore.objections.looking import LookAtObjections, SweepObjections
from certstore.objections.raising import RaiseObjection
from certstore.ports import HolderDirectory, OrganisationDirectory
from certstore.reminders.remind import RemindHolders
from certstore.shares.make import Shares
from certstore.shares.open import OpenShare
from certstore.statistics.count import CountUse
from certstore.statistics.look import LookAtStatistics
from certstore.stores.attachments import SqlAttachmentStore
from certstore.stores.departures import AuditReports, SqlDepartureStore
from certstore.stores.entrustments import SqlEntrustmentStore
from certstore.stores.licences import SqlLicenceStore
from certstore.stores.life import SqlDraftStore
from certstore.stores.look_delays import SqlLookDelayStore
from certstore.stores.objections import SqlObjectionStore
from certstore.stores.reminders import SqlReminderStore
from certstore.stores.shares import SqlShareStore
from certstore.stores.statistic_sources import AuditSource, ChangeSource, LookSource
from certstore.stores.statistics import SqlStatisticStore
from keys.stores.reencryption import SqlDiscardList


@dataclass(frozen=True)
class HolderServices:
    """The use cases of holders, and those of offices that answer them."""

    look_delays: LookDelays
    shares: Shares
    open_share: OpenShare
    attachments: Attachments
    objections: LookAtObjections
    raise_objection: RaiseObjection
    handle_objection: HandleObjection
    statistics: LookAtStatistics
    count: CountUse
    remind: RemindHolders
    follow_deaths: FollowDeaths
    departures: LookAtDepartures
    upkeep: HolderUpkeep


def compose_holders(
    ground: CertstoreGround, *, holders: HolderDirectory, organisations: OrganisationDirectory, news: HolderNews
) -> HolderServices:
    """Compose from ports."""
    repository = repository_of(ground)
    shares = SqlShareStore(ground.fields, ground.index)
    objections = SqlObjectionStore(ground.fields, ground.index)
    attachments = Attachments(
        repository,
        SqlAttachmentStore(ground.fields),
        SqlDraftStore(ground.fields),
        holders,
        ground.documents,
        SqlDiscardList(),
    )
    evidence = EvidenceFiles(ground.documents, ground.clock, ground.database, SqlDiscardList())
    statistics, reminders = SqlStatisticStore(), SqlReminderStore(SqlLicenceStore(ground.fields, ground.index))
    count = CountUse(repository, statistics, (AuditSource(), LookSource(), ChangeSource()))
    remind = RemindHolders(repository, reminders, statistics, news)
    departures = SqlDepartureStore()
    entrustments = SqlEntrustmentStore(ground.fields, ground.index)
    follow_deaths = FollowDeaths(repository, AuditReports(), departures, statistics, shares, holders, entrustments)
    upkeep = HolderUpkeep(
        repository,
        count,
        remind,
        follow_deaths,
        SweepObjections(repository, objections, evidence),
        attachments,
        shares=shares,
        reminders=reminders,
        statistics=statistics,
        departures=departures,
        entrustments=entrustments,
    )
    return HolderServices(
        attachments=attachments,
        look_delays=LookDelays(repository, SqlLookDelayStore()),
        shares=Shares(repository, shares, holders, ground.digests),
        objections=LookAtObjections(repository, objections, evidence, holders, organisations),
        raise_objection=RaiseObjection(repository, objections, evidence, holders, ground.digests),
        handle_objection=HandleObjection(repository, objections, news),
        statistics=LookAtStatistics(repository, statistics),
        count=count,
        remind=remind,
        follow_deaths=follow_deaths,
        departures=LookAtDepartures(repository, departures),
        upkeep=upkeep,
        open_share=OpenShare(repository, shares, organisations, ground.digests),
    )
