"""Puts the life of licences together: each step, rounds, proposals, and the job that writes down what ran out."""

from __future__ import annotations

from dataclasses import dataclass

from certstore.end import EndLicence
from certstore.issue import IssueLicence
from certstore.life.change import ChangeLicence
from certstore.life.drafts import Drafts
from certstore.life.expire import ExpireLicences
from certstore.life.inspect import InspectLicence
from certstore.life.ports import DueStore
from certstore.life.proposals import Colleagues, EndingProposals
from certstore.life.reissue import ConfirmLicence, ReissueLicence
from certstore.life.renew import RenewLicence
from certstore.life.steps import LifeSteps
from certstore.life.suspend import SuspendLicence
from certstore.life.transfer import TransferLicence
from certstore.making import VersionMaker
from certstore.repository import Repository
from certstore.stores.life import SqlDraftStore, SqlProposalStore, SqlTransferStore
from keys.ports import FieldCipher, TokenDigests


@dataclass(frozen=True)
class LifeServices:
    """The use cases of a licence's life after it was issued, and before."""

    drafts: Drafts
    renew: RenewLicence
    change: ChangeLicence
    reissue: ReissueLicence
    confirm: ConfirmLicence
    suspend: SuspendLicence
    inspect: InspectLicence
    transfer: TransferLicence
    proposals: EndingProposals
    expire: ExpireLicences


def compose_life(
    repository: Repository,
    maker: VersionMaker,
    issue: IssueLicence,
    end: EndLicence,
    colleagues: Colleagues,
    *,
    digests: TokenDigests,
    fields: FieldCipher,
    due: DueStore,
) -> LifeServices:
    """Compose on the repository's parts."""
    steps = LifeSteps(repository, digests)
    drafts, proposals = SqlDraftStore(fields), SqlProposalStore(fields)
    return LifeServices(
        drafts=Drafts(repository, drafts, issue),
        renew=RenewLicence(steps, maker),
        change=ChangeLicence(steps, maker),
        reissue=ReissueLicence(steps, maker),
        confirm=ConfirmLicence(steps, maker),
        suspend=SuspendLicence(steps),
        inspect=InspectLicence(steps, repository, due),
        transfer=TransferLicence(steps, issue, repository, SqlTransferStore()),
        proposals=EndingProposals(repository, proposals, end, colleagues),
        expire=ExpireLicences(repository, due, drafts, proposals),
    )
