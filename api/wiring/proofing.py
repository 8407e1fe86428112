"""Puts together how real names are proved: evidence, registers, codes to the phone, windows, feeds."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.wiring.ground import Ground
from api.wiring.registers import RegisterSources
from idp.directory import Directory, PersonVault
from idp.evidence.book import EvidenceBook, LapseEvidence
from idp.evidence.ports import EvidenceStore
from idp.factors.addresses import Addresses
from idp.factors.codes import OneTimeCodes
from idp.ports import AccountStore
from idp.proofing.bound_keys import BoundKeys
from idp.proofing.check import AskRegister, CheckIdentity
from idp.proofing.follow import FollowRegisters
from idp.proofing.keep_up import KeepProofsUp
from idp.proofing.own import ReadOwnProofs
from idp.proofing.ports import (
    OrganisationNews,
    OrganisationSource,
    PersonNews,
    PopulationSource,
    PositionStore,
    WindowProofStore,
)
from idp.proofing.prove_phone import ProvePhone
from idp.proofing.window import WindowProofing
from idp.stores.evidence import SqlEvidenceStore
from idp.stores.window_proofs import SqlPositionStore, SqlWindowProofStore


@dataclass(frozen=True)
class ProofingStores:
    """The stores; tests put wrapped ones in."""

    evidence: EvidenceStore = field(default_factory=SqlEvidenceStore)
    windows: WindowProofStore = field(default_factory=SqlWindowProofStore)
    positions: PositionStore = field(default_factory=SqlPositionStore)


@dataclass(frozen=True)
class ProofingServices:
    """Ready use cases.

    Attributes:
        ask: puts a question to the population register; for whoever registers people.
        keep_up: what a worker does: evidence that runs out, feeds of the registers.
    """

    book: EvidenceBook
    population: PopulationSource
    organisations: OrganisationSource
    ask: AskRegister
    check: CheckIdentity
    prove_phone: ProvePhone
    own: ReadOwnProofs
    window: WindowProofing
    bound_keys: BoundKeys
    follow: FollowRegisters
    keep_up: KeepProofsUp


def build_proofing(
    ground: Ground,
    stores: ProofingStores,
    registers: RegisterSources,
    *,
    accounts: AccountStore,
    vault: PersonVault,
    directory: Directory,
    codes: OneTimeCodes,
    addresses: Addresses,
    deaths: PersonNews,
    dissolutions: OrganisationNews,
    book: EvidenceBook,
) -> ProofingServices:
    """Compose on what the identity provider has."""
    database, clock, kv = ground.database, ground.clock, ground.kv
    ask = AskRegister(registers.population, book, deaths, clock)
    follow = FollowRegisters(
        database, stores.positions, registers.population, registers.organisations, deaths, dissolutions, kv, clock
    )
    lapse = LapseEvidence(database, stores.evidence, book, clock)
    return ProofingServices(
        book=book,
        population=registers.population,
        organisations=registers.organisations,
        ask=ask,
        check=CheckIdentity(database, ask, vault, kv),
        prove_phone=ProvePhone(database, codes, addresses, book),
        own=ReadOwnProofs(database, book, clock),
        window=WindowProofing(database, accounts, directory, stores.windows, ask, book, vault, clock),
        bound_keys=BoundKeys(book),
        follow=follow,
        keep_up=KeepProofsUp(lapse, follow),
    )
