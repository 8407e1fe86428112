"""Puts together the life of people's accounts: registration, changes, freezing, merging, closing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from api.wiring.abuse import AbuseServices
from api.wiring.ground import Ground
from idp.directory import Directory, PersonVault
from idp.evidence.book import EvidenceBook
from idp.factors.codes import OneTimeCodes
from idp.factors.strong import StrongVisits
from idp.login.ports import SecondFactor
from idp.login.sessions import Sessions
from idp.logout.deliver import DeliverLogouts
from idp.messages.ports import MessageSender
from idp.passwords.rules import PasswordRules
from idp.persons.asked_register import AskedRegister
from idp.persons.closing import CloseAccounts
from idp.persons.departing import Departures
from idp.persons.duties import PersonDuties
from idp.persons.ending import EndEverything
from idp.persons.evidence import BookedEvidence
from idp.persons.freezing import FreezeAccounts
from idp.persons.further_documents import FurtherDocuments
from idp.persons.looking import LookAtPeople
from idp.persons.own_changes import ChangeOwnName, ChangeOwnPhone
from idp.persons.ports import (
    Authorities,
    DepartureStore,
    PersonalTraces,
    PersonProposals,
    PersonStore,
)
from idp.persons.proposing import PersonChanges
from idp.persons.registering import Register
from idp.persons.settling import SettleChanges
from idp.ports import AccountStore, DocumentStore
from idp.proofing.check import AskRegister
from idp.settings import IdpSettings
from idp.stores.person_fates import SqlPersonalTraces
from idp.stores.person_lives import SqlDepartureStore, SqlPersonProposals
from idp.stores.persons import SqlPersonStore


@dataclass(frozen=True)
class PersonStores:
    """The stores; tests put wrapped ones in."""

    persons: PersonStore = field(default_factory=SqlPersonStore)
    departures: DepartureStore = field(default_factory=SqlDepartureStore)
    proposals: PersonProposals = field(default_factory=SqlPersonProposals)
    traces: PersonalTraces = field(default_factory=SqlPersonalTraces)


@dataclass(frozen=True)
class PersonServices:
    """Ready use cases."""

    register: Register
    look: LookAtPeople
    freeze: FreezeAccounts
    close: CloseAccounts
    departures: Departures
    changes: PersonChanges
    documents: FurtherDocuments
    change_name: ChangeOwnName
    change_phone: ChangeOwnPhone


@dataclass(frozen=True)
class SharedWithPersons:
    """What it takes from the rest of the identity provider."""

    accounts: AccountStore
    documents: DocumentStore
    sessions: Sessions
    directory: Directory
    vault: PersonVault
    end: EndEverything
    authorities: Authorities
    deliver: DeliverLogouts
    abuse: AbuseServices
    codes: OneTimeCodes
    sender: MessageSender
    factors: Sequence[SecondFactor]
    rules: PasswordRules
    freeze: FreezeAccounts
    ask: AskRegister
    book: EvidenceBook


def build_freeze(
    ground: Ground,
    stores: PersonStores,
    accounts: AccountStore,
    vault: PersonVault,
    end: EndEverything,
    deliver: DeliverLogouts,
) -> FreezeAccounts:
    """What freezes accounts; proofing hands over to it the deaths that are reported."""
    duties = PersonDuties(ground.database)
    return FreezeAccounts(ground.database, accounts, stores.persons, vault, end, deliver, duties, ground.clock)


def build_persons(
    ground: Ground,
    stores: PersonStores,
    shared: SharedWithPersons,
    settings: IdpSettings,
) -> PersonServices:
    """Compose."""
    database, clock, kv = ground.database, ground.clock, ground.kv
    cipher, persons, vault = ground.keys.secrets.fields.short_lived, stores.persons, shared.vault
    source, evidence = AskedRegister(shared.ask), BookedEvidence(shared.book)
    duties, tell, deliver = PersonDuties(database), shared.abuse.tell, shared.deliver
    visits = StrongVisits(shared.sessions, shared.factors, clock, settings)
    end = shared.end
    close = CloseAccounts(
        database, shared.accounts, persons, stores.traces, vault, end, shared.authorities, deliver, duties
    )
    settle = SettleChanges(persons, stores.traces, evidence, vault, end, tell, deliver)
    return PersonServices(
        register=Register(
            database,
            shared.accounts,
            shared.documents,
            vault,
            source,
            evidence,
            shared.abuse.budget,
            shared.codes,
            shared.sender,
            shared.rules,
            ground.keys.passwords,
            kv,
            cipher,
            clock,
        ),
        look=LookAtPeople(
            database,
            shared.accounts,
            persons,
            shared.documents,
            stores.departures,
            shared.directory,
            vault,
            duties,
            clock,
        ),
        freeze=shared.freeze,
        close=close,
        departures=Departures(
            database, shared.accounts, persons, stores.departures, visits, close, end, tell, deliver, clock
        ),
        changes=PersonChanges(database, shared.accounts, stores.proposals, vault, settle, duties, clock),
        documents=FurtherDocuments(database, shared.accounts, persons, shared.documents, vault, duties, clock),
        change_name=ChangeOwnName(database, persons, visits, source, evidence, vault, tell),
        change_phone=ChangeOwnPhone(
            database,
            persons,
            visits,
            shared.codes,
            evidence,
            vault,
            tell,
            end,
            deliver,
            shared.sender,
            kv,
            cipher,
            clock,
            settings,
        ),
    )
