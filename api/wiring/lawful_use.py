"""Puts lawful use together: checks of cases, consents, copies, use codes."""

from __future__ import annotations

from dataclasses import dataclass

from certstore.consents import Consents
from certstore.copies import AnnotatedCopies
from certstore.exemption import CheckExemption
from certstore.ports import OrganisationDirectory
from certstore.repository import Repository
from certstore.stores.uses import SqlCheckStore, SqlUseCodeStore
from certstore.use.ask import AskForCase
from certstore.use.checks import CaseChecks
from certstore.use.codes import IssueUseCodes
from certstore.use.deliver import DeliverCopies
from certstore.use.redeem import RedeemUseCode
from certstore.use.sweep import SweepUses
from core.kv.port import KeyValueStore
from keys.ports import FieldCipher, TokenDigests


@dataclass(frozen=True)
class UseServices:
    """The use cases."""

    checks: CaseChecks
    ask: AskForCase
    deliver: DeliverCopies
    codes: IssueUseCodes
    redeem: RedeemUseCode
    sweep: SweepUses


def compose_use(
    repository: Repository,
    check: CheckExemption,
    consents: Consents,
    copies: AnnotatedCopies,
    organisations: OrganisationDirectory,
    *,
    fields: FieldCipher,
    digests: TokenDigests,
    kv: KeyValueStore,
    verify_address: str,
) -> UseServices:
    """Compose them over the repository's stores."""
    kept, codes = SqlCheckStore(fields), SqlUseCodeStore()
    checks = CaseChecks(repository, check, kept)
    return UseServices(
        checks=checks,
        ask=AskForCase(repository, checks, kept, consents),
        deliver=DeliverCopies(repository, checks, kept, copies),
        codes=IssueUseCodes(repository, codes, digests),
        redeem=RedeemUseCode(repository, codes, copies, organisations, digests, kv, verify_address),
        sweep=SweepUses(repository, kept, codes),
    )
