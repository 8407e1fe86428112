"""Puts the identity provider together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from api.register_bridge import RegisteredCompanies, RegisteredPeople
from api.wiring.abuse import AbuseServices, AbuseStores, build_abuse
from api.wiring.agency import AgencyServices, AgencyStores, build_agency
from api.wiring.clients import ClientServices, build_clients
from api.wiring.elsewhere import ElsewhereServices, ElsewhereStores, build_elsewhere, build_parts
from api.wiring.factors import (
    FactorServices,
    FactorStores,
    SharedWithFactors,
    build_factor_parts,
    build_factors,
)
from api.wiring.ground import Ground
from api.wiring.key_factors import (
    KeyFactorServices,
    KeyStores,
    SharedWithKeys,
    build_key_factor_parts,
    build_key_factors,
    key_stores,
)
from api.wiring.messages import build_messages
from api.wiring.passwords import PasswordParts, PasswordServices, build_news, build_passwords, build_rules
from api.wiring.persons import PersonServices, PersonStores, SharedWithPersons, build_freeze, build_persons
from api.wiring.proofing import ProofingServices, ProofingStores, build_proofing
from api.wiring.registers import RegisterSources, build_registers
from api.wiring.staff import (
    ScimServices,
    SharedStores,
    StaffServices,
    StaffStores,
    build_scim,
    build_staff,
)
from api.wiring.upstream import SharedParts, UpstreamServices, UpstreamStores, build_upstream, upstream_stores
from core.egress.fetch import Egress
from core.egress.port import Fetcher
from idp.agency.ports import CompanyRegister
from idp.agency.register import NoRegister
from idp.authorization.authorize import Authorize
from idp.authorization.issue import Issue
from idp.authorization.needs import Needs
from idp.authorization.responses import Respond
from idp.binding.constraint import SenderConstraint
from idp.binding.dpop import DpopProofs
from idp.binding.nonces import DpopNonces
from idp.binding.replays import Replays
from idp.ciba.ports import BackchannelStore
from idp.claims import PersonalClaims
from idp.clients.assertions import ClientAssertions
from idp.clients.authentication import AuthenticateClient
from idp.clients.certificates import ClientCertificates
from idp.clients.keys import ClientKeys
from idp.clients.origins import BrowserOrigins
from idp.clients.ports import (
    CertificateJudge,
    ClientErrorStore,
    ClientProposals,
    PermitStore,
    RegisteredClients,
    RegistrationStore,
)
from idp.clients.registration import RegisterClient
from idp.clients.registry import ClientRegistry
from idp.clients.secrets import ClientSecrets
from idp.clients.shown_secrets import ShownSecrets
from idp.clients.status import ChangeClientStatus
from idp.clients.writing import RegistrationStores
from idp.confirm_email import ConfirmEmail
from idp.directory import Directory, PersonVault
from idp.endpoints.discovery import PublishedDocuments
from idp.endpoints.end_session import EndSessionEndpoint
from idp.endpoints.introspect import Introspect, Revoke
from idp.endpoints.push import PushEndpoint
from idp.endpoints.resource import Authenticate, ReadAccessToken, UserInfo
from idp.endpoints.token import TokenEndpoint
from idp.evidence.book import EvidenceBook
from idp.exchange.parties import Parties
from idp.exchange.targets import Targets
from idp.export.chapters import AccountChapters
from idp.export.held import HeldChapters
from idp.export.ports import ChapterSource, ExportStore
from idp.factors.addresses import Addresses
from idp.factors.judging import CountedTries
from idp.factors.refusals import Refusals
from idp.grants.authorization_code import AuthorizationCodeGrant
from idp.grants.base import Grant
from idp.grants.client_credentials import ClientCredentialsGrant
from idp.grants.codes import AuthorizationCodes
from idp.grants.refresh_token import RefreshTokenGrant
from idp.grants.token_exchange import TokenExchangeGrant
from idp.history import OwnHistory
from idp.known_names import KnownNames
from idp.login.change_rules import ChangeLoginRules
from idp.login.consent import Consents, DecideConsent
from idp.login.consent_question import AskConsent
from idp.login.interactions import Interactions
from idp.login.log_in import LogIn
from idp.login.log_out import LogOut
from idp.login.open_session import OpenSession
from idp.login.own_sessions import OwnSessions
from idp.login.policy import Policy
from idp.login.rights import WithinRights
from idp.login.rules import LoginRules
from idp.login.select_account import SelectAccount
from idp.login.sessions import Sessions, StartSession
from idp.login.steps import LoginSteps
from idp.login_history.ports import LogInRecordStore
from idp.login_history.read import OwnLogIns
from idp.login_history.record import RecordLogIns
from idp.logout.deliver import DeliverLogouts
from idp.logout.delivery_log import DeliveryLog
from idp.logout.end_session import EndSession
from idp.logout.farewell import Farewells
from idp.logout.front_channel import FrontChannel
from idp.logout.messenger import HttpLogoutMessenger
from idp.logout.questions import LogoutQuestions
from idp.messages.ports import MessageSender
from idp.notices import Notices
from idp.own_account import ReadOwnAccount
from idp.own_details import ChangeOwnDetails
from idp.own_password.news import NewsByMessage
from idp.people import ChangeAccountStatus, CreateAccount, RegisterOrganisation
from idp.persons.ending import EndEverything
from idp.ports import (
    AccountStore,
    ClientStore,
    ConsentStore,
    DeliveryStore,
    DocumentStore,
    LogoutMessenger,
    NoticeStore,
    OrganisationStore,
    ProfileStore,
    SessionStore,
    TokenStore,
)
from idp.profile import StateDetails
from idp.requests.pushed import PushedRequests
from idp.requests.referenced import ReferencedObjects
from idp.requests.request_object import RequestObjects
from idp.requests.sources import RequestSources
from idp.resources.known import KnownResources
from idp.resources.ports import ProtectedResourceStore
from idp.resources.register import ResourceRegister
from idp.scim.ports import RealNameCheck
from idp.settings import IdpSettings
from idp.staff.roles import AssignStaffRole, RemoveStaffRole
from idp.step_up import StepUp, read_demands
from idp.stores.ciba import SqlBackchannelStore
from idp.stores.client_errors import SqlClientErrorStore
from idp.stores.client_proposals import SqlClientProposals
from idp.stores.clients import SqlClientStore, SqlConsentStore
from idp.stores.deliveries import SqlDeliveryStore
from idp.stores.documents import SqlDocumentStore
from idp.stores.exports import SqlExportStore
from idp.stores.known_names import SqlKnownNameStore
from idp.stores.login_history import SqlLogInRecordStore
from idp.stores.notices import SqlNoticeStore
from idp.stores.people import SqlAccountStore, SqlOrganisationStore
from idp.stores.profiles import SqlProfileStore
from idp.stores.registrations import SqlPermitStore, SqlRegistrationStore
from idp.stores.resources import SqlProtectedResourceStore
from idp.stores.sessions import SqlSessionStore
from idp.stores.tokens import SqlTokenStore
from idp.sweep import SweepExpired
from idp.tokens.access import AccessTokens
from idp.tokens.for_client import ClientTokens
from idp.tokens.id_token import IdTokens
from idp.tokens.lifetimes import RefreshLifetimes
from idp.tokens.logout import LogoutTokens
from idp.tokens.pairwise import PairwiseNames
from idp.tokens.refresh import RefreshTokens
from idp.upkeep import Upkeep
from idp.upstream.begin import BeginSessions
from keys.jose.decryption_keys import DecryptionKeys
from keys.jose.jwk import NATIONAL_TOKEN_PURPOSES


class AllClients(ClientStore, RegisteredClients, Protocol):
    """Clients for the protocol and for those who look after them."""


@dataclass(frozen=True)
class IdpStores:
    """The stores; tests put wrapped ones in."""

    accounts: AccountStore
    organisations: OrganisationStore
    clients: AllClients
    consents: ConsentStore
    sessions: SessionStore
    tokens: TokenStore
    deliveries: DeliveryStore
    resources: ProtectedResourceStore
    registrations: RegistrationStore
    client_proposals: ClientProposals
    permits: PermitStore
    client_errors: ClientErrorStore
    profiles: ProfileStore
    notices: NoticeStore
    backchannel: BackchannelStore
    log_ins: LogInRecordStore
    exports: ExportStore
    documents: DocumentStore = field(default_factory=SqlDocumentStore)
    persons: PersonStores = field(default_factory=PersonStores)
    abuse: AbuseStores = field(default_factory=AbuseStores)
    proofing: ProofingStores = field(default_factory=ProofingStores)
    upstream: UpstreamStores = field(default_factory=upstream_stores)
    keys: KeyStores = field(default_factory=key_stores)
    staff: StaffStores = field(default_factory=StaffStores)
    factors: FactorStores = field(default_factory=FactorStores)
    agency: AgencyStores = field(default_factory=AgencyStores)


@dataclass(frozen=True)
class IdpServices:
    """Ready use cases of the identity provider."""

    settings: IdpSettings
    authorize: Authorize
    push: PushEndpoint
    resources: ResourceRegister
    token: TokenEndpoint
    userinfo: UserInfo
    introspect: Introspect
    revoke: Revoke
    end_session: EndSessionEndpoint
    elsewhere: ElsewhereServices
    documents: PublishedDocuments
    authenticate: Authenticate
    interactions: Interactions
    sessions: Sessions
    log_in: LogIn
    steps: LoginSteps
    factors: FactorServices
    login_rules: ChangeLoginRules
    keys: KeyFactorServices
    proofing: ProofingServices
    messages: MessageSender
    log_out: LogOut
    own_sessions: OwnSessions
    ask_consent: AskConsent
    decide_consent: DecideConsent
    select_account: SelectAccount
    consents: Consents
    directory: Directory
    known_names: KnownNames
    registry: ClientRegistry
    client_keys: ClientKeys
    browser_origins: BrowserOrigins
    proofs: DpopProofs
    constraint: SenderConstraint
    register_organisation: RegisterOrganisation
    create_account: CreateAccount
    state_details: StateDetails
    change_account_status: ChangeAccountStatus
    assign_staff_role: AssignStaffRole
    remove_staff_role: RemoveStaffRole
    staff: StaffServices
    scim: ScimServices
    clients: ClientServices
    register_client: RegisterClient
    change_client_status: ChangeClientStatus
    deliver_logouts: DeliverLogouts
    upstream: UpstreamServices
    agency: AgencyServices
    sweep: SweepExpired
    upkeep: Upkeep
    farewells: Farewells
    notices: Notices
    own_history: OwnHistory
    record_log_ins: RecordLogIns
    own_log_ins: OwnLogIns
    own_account: ReadOwnAccount
    change_details: ChangeOwnDetails
    confirm_email: ConfirmEmail
    exports: ExportStore
    export_sources: Sequence[ChapterSource]
    abuse: AbuseServices
    passwords: PasswordServices
    persons: PersonServices
    news: NewsByMessage
    delivery_log: DeliveryLog
    logout_questions: LogoutQuestions
    fetcher: Fetcher


def sql_stores() -> IdpStores:
    return IdpStores(
        SqlAccountStore(),
        SqlOrganisationStore(),
        SqlClientStore(),
        SqlConsentStore(),
        SqlSessionStore(),
        SqlTokenStore(),
        SqlDeliveryStore(),
        SqlProtectedResourceStore(),
        SqlRegistrationStore(),
        SqlClientProposals(),
        SqlPermitStore(),
        SqlClientErrorStore(),
        SqlProfileStore(),
        SqlNoticeStore(),
        SqlBackchannelStore(),
        SqlLogInRecordStore(),
        SqlExportStore(),
    )


def _settings(ground: Ground) -> IdpSettings:
    """Those of the deployment; national tokens are offered where its profile has them and their key was made."""
    wanted, ring = ground.settings.profile.national, ground.keys.ring
    there = any(bool(ring.verification_keys(purpose)) for purpose in NATIONAL_TOKEN_PURPOSES.values())
    return ground.settings.idp.model_copy(update={"national_tokens": wanted and there})


def build_idp(
    ground: Ground,
    *,
    judge: CertificateJudge,
    settings: IdpSettings | None = None,
    stores: IdpStores | None = None,
    messenger: LogoutMessenger | None = None,
    fetcher: Fetcher | None = None,
    sender: MessageSender | None = None,
    register: CompanyRegister | None = None,
    check: RealNameCheck | None = None,
    registers: RegisterSources | None = None,
) -> IdpServices:
    """Compose the use cases on the ground.

    Args:
        judge: judges the certificates with which clients and people log in.
        fetcher: the way out to addresses that clients registered.
        sender: takes messages to people.
        register: knows who represents an organisation; without one nobody can show that they do.
        check: the register that new members of staff are checked with.
        registers: of people and legal persons; those of the settings by default.
    """
    sender = sender or build_messages(ground).sender
    registers = registers or build_registers(ground)
    settings = settings or _settings(ground)
    stores = stores or sql_stores()
    fetcher = fetcher or Egress(ground.settings.portal_rules)
    messenger = messenger or HttpLogoutMessenger(fetcher)
    database, clock, kv, keys = ground.database, ground.clock, ground.kv, ground.keys
    digests = keys.secrets.tokens

    client_keys = ClientKeys(fetcher, clock)
    replays, nonces = Replays(kv, clock), DpopNonces(digests, clock)
    proofs = DpopProofs(replays, nonces, clock)
    constraint = SenderConstraint(proofs, settings.dpop_nonce)
    client_secrets = ClientSecrets(digests, keys.secrets.fields.people)
    registry = ClientRegistry(database, stores.clients, clock, lifetime=settings.client_cache)
    authenticate_client = AuthenticateClient(
        registry,
        ShownSecrets(registry, digests, database, stores.clients, clock),
        ClientAssertions(client_keys, client_secrets, replays, clock, settings),
        ClientCertificates(client_keys, judge, settings.client_chains),
        constraint,
    )
    vault = PersonVault(keys.secrets.fields.people, keys.secrets.indexes.people, clock)
    directory = Directory(database, stores.accounts, stores.organisations, stores.clients, stores.documents, vault)
    book = EvidenceBook(stores.proofing.evidence, clock)
    names = PairwiseNames(keys.ring)
    access_tokens = AccessTokens(keys.signer, keys.verifier, keys.secrets.access, clock, settings)
    client_tokens = ClientTokens(keys.signer, client_keys)
    id_tokens = IdTokens(client_tokens, keys.verifier, DecryptionKeys(keys.ring), clock, settings)
    refresh_tokens, lifetimes = RefreshTokens(digests, keys.ring), RefreshLifetimes(settings)
    logout_tokens = LogoutTokens(keys.signer, clock, settings)
    claims = PersonalClaims(database, stores.accounts, stores.profiles, vault, book, clock)

    deliver = DeliverLogouts(database, stores.deliveries, registry, logout_tokens, messenger, clock, settings)
    notices = Notices(database, stores.notices, clock)
    addresses = Addresses(database, stores.profiles, vault, sender)
    login_rules = LoginRules(database, stores.factors.rules, clock, lifetime=settings.client_cache)
    logout_questions = LogoutQuestions(kv, digests, settings)
    end = EndSession(stores.sessions, stores.tokens, stores.deliveries, clock)
    sessions = Sessions(database, stores.sessions, stores.accounts, vault, digests, clock, settings)
    own_account = ReadOwnAccount(database, stores.accounts, stores.profiles, stores.documents, vault)
    state_details = StateDetails(database, stores.accounts, stores.profiles, vault, clock)
    record_log_ins = RecordLogIns(database, stores.log_ins, clock)
    open_session = OpenSession(sessions, StartSession(stores.sessions, digests, clock, settings), end, record_log_ins)
    interactions = Interactions(kv, registry, digests, keys.secrets.fields.short_lived, settings)
    begin = BeginSessions(stores.upstream.begun, stores.upstream.links, keys.secrets.fields.people, clock)
    factor_parts = build_factor_parts(ground, settings, stores.factors, addresses, sender)
    key_parts = build_key_factor_parts(ground, settings, stores.keys)
    offered = (*key_parts.offered, *factor_parts.offered)
    news = build_news(ground, stores.accounts, factor_parts.addresses, sender)
    abuse = build_abuse(database, stores.abuse, kv, digests, notices, clock, settings, news)
    tries = CountedTries(database, abuse.budget, abuse.devices, record_log_ins)
    steps = LoginSteps(
        database,
        stores.accounts,
        interactions,
        Policy(login_rules, abuse.devices),
        offered,
        open_session,
        begin,
        abuse.devices,
        abuse.tell,
        deliver,
        kv,
        digests,
        clock,
    )
    codes = AuthorizationCodes(kv)
    known_resources = KnownResources(
        database, stores.resources, clock, lifetime=settings.client_cache, ours=settings.issuer
    )
    pushed = PushedRequests(kv, digests, clock, settings)
    objects = RequestObjects(client_keys, DecryptionKeys(keys.ring), clock, settings)
    sources = RequestSources(pushed, objects, ReferencedObjects(fetcher), known_resources)
    read_token = ReadAccessToken(database, access_tokens, constraint, registry, stores.tokens, clock)
    elsewhere_parts = build_parts(
        ground,
        settings,
        ElsewhereStores(
            stores.accounts, stores.clients, stores.consents, stores.sessions, stores.tokens, stores.backchannel
        ),
    )
    grants: tuple[Grant, ...] = (
        AuthorizationCodeGrant(database, codes, digests, stores.tokens, stores.sessions, lifetimes, clock, settings),
        RefreshTokenGrant(database, stores.tokens, refresh_tokens, lifetimes, abuse.tell, digests, clock, settings),
        ClientCredentialsGrant(settings),
        *elsewhere_parts.grants,
        TokenExchangeGrant(
            database,
            Parties(database, read_token, id_tokens, stores.sessions, stores.tokens, clock),
            Targets(known_resources, registry, ours=settings.issuer),
            stores.clients,
            names,
        ),
    )
    agency = build_agency(
        ground,
        accounts=stores.accounts,
        organisations=stores.organisations,
        sessions=sessions,
        session_store=stores.sessions,
        end_session=end,
        deliver=deliver,
        people=vault,
        register=register or _companies(registers),
        stores=stores.agency,
    )
    step_up = StepUp(read_demands(settings.step_up), clock)
    issue = Issue(
        database,
        sessions,
        stores.sessions,
        stores.clients,
        stores.tokens,
        stores.consents,
        agency.acting,
        codes,
        digests,
        names,
        known_resources,
        access_tokens,
        id_tokens,
        claims,
        clock,
        settings,
    )
    clients = build_clients(
        database,
        RegistrationStores(stores.clients, stores.registrations, stores.client_proposals, stores.permits),
        stores.client_errors,
        stores.organisations,
        client_secrets,
        digests,
        registry,
        fetcher,
        clock,
        settings,
    )
    sweep = SweepExpired(
        database,
        stores.tokens,
        stores.sessions,
        stores.deliveries,
        stores.notices,
        clients.sweep,
        stores.backchannel,
        stores.log_ins,
        stores.keys.certificates,
        stores.exports,
        stores.proofing.evidence,
        stores.proofing.windows,
        stores.abuse.security_events,
        stores.abuse.known_devices,
        stores.staff.proposals,
        stores.persons.proposals,
        clock,
    )
    rules = build_rules(ground.settings)
    change_account_status = ChangeAccountStatus(
        database, stores.accounts, stores.sessions, end, deliver, abuse.events, clock
    )
    end_everything = EndEverything(stores.sessions, stores.tokens, end, clock)
    freeze = build_freeze(ground, stores.persons, stores.accounts, vault, end_everything, deliver)
    proofing = build_proofing(
        ground,
        stores.proofing,
        registers,
        accounts=stores.accounts,
        vault=vault,
        directory=directory,
        codes=factor_parts.codes,
        addresses=factor_parts.addresses,
        deaths=freeze,
        dissolutions=agency.dissolve,
        book=book,
    )
    create_account = CreateAccount(database, stores.accounts, vault, keys.passwords, rules, book, clock)
    shared = SharedParts(stores.accounts, create_account, book, vault, sessions, steps, interactions, end, deliver)
    token = TokenEndpoint(
        authenticate_client,
        constraint,
        grants,
        access_tokens,
        id_tokens,
        refresh_tokens,
        claims,
        stores.accounts,
        known_resources,
        database,
        clock,
        settings,
    )
    resources = ResourceRegister(
        database,
        stores.resources,
        stores.clients,
        known_resources,
        clock,
        ours=settings.issuer,
        national=settings.national_tokens,
    )
    elsewhere = build_elsewhere(
        ground,
        settings,
        elsewhere_parts,
        authenticate=authenticate_client,
        registry=registry,
        client_keys=client_keys,
        replays=replays,
        directory=directory,
        names=names,
        rules=login_rules,
        id_tokens=id_tokens,
        endpoint=token,
        resources=known_resources,
        register=resources,
        errors=clients.errors_log,
        events=abuse.events,
        fetcher=fetcher,
    )
    upstream = build_upstream(ground, shared, begin, fetcher, settings, stores.upstream)
    front_channel = FrontChannel(database, stores.sessions, registry, settings)
    staff_stores = SharedStores(stores.accounts, stores.organisations, stores.sessions, stores.tokens)
    staff = build_staff(database, stores.staff, staff_stores, end, deliver, abuse.events, vault, clock)
    scim = build_scim(
        database,
        stores.staff,
        staff_stores,
        staff,
        create_account,
        check or RegisteredPeople(registers.population),
        deliver,
        vault,
        clock,
    )
    farewells = Farewells(kv, front_channel, upstream.goodbye, digests)
    ask_consent = AskConsent(
        database,
        interactions,
        registry,
        stores.organisations,
        stores.consents,
        resources,
        WithinRights(database, stores.accounts, clock),
        lifetimes,
    )
    own_sessions = OwnSessions(database, stores.sessions, sessions, registry, end, deliver, clock)
    consents = Consents(database, stores.consents, stores.tokens, clock)
    own_log_ins, own_history = OwnLogIns(database, stores.log_ins), OwnHistory(database)
    factors = build_factors(
        ground,
        settings,
        stores.factors,
        factor_parts,
        SharedWithFactors(stores.accounts, interactions, sessions, vault, tries, abuse.tell, offered),
        steps,
    )
    persons = build_persons(
        ground,
        stores.persons,
        SharedWithPersons(
            stores.accounts,
            stores.documents,
            sessions,
            directory,
            vault,
            end_everything,
            agency.end,
            deliver,
            abuse,
            factor_parts.codes,
            sender,
            offered,
            rules,
            freeze,
            proofing.ask,
            book,
        ),
        settings,
    )
    key_factors = build_key_factors(
        ground,
        settings,
        key_parts,
        SharedWithKeys(
            stores.accounts,
            stores.sessions,
            sessions,
            interactions,
            registry,
            vault,
            judge,
            offered,
            proofing.bound_keys,
            abuse.tell,
            Refusals(record_log_ins, abuse.events),
        ),
        steps,
    )
    return IdpServices(
        settings=settings,
        persons=persons,
        authorize=Authorize(
            registry,
            sources,
            interactions,
            Needs(
                database,
                sessions,
                stores.accounts,
                stores.consents,
                names,
                upstream.registry,
                login_rules,
                agency.acting,
                clock,
            ),
            issue,
            Respond(client_tokens, clients.errors_log, clock, settings),
            id_tokens,
        ),
        push=PushEndpoint(authenticate_client, sources, pushed, constraint),
        resources=resources,
        token=token,
        userinfo=UserInfo(read_token, claims, client_tokens, step_up, settings),
        introspect=Introspect(
            authenticate_client,
            read_token,
            refresh_tokens,
            stores.tokens,
            known_resources,
            client_tokens,
            database,
            clock,
            settings,
        ),
        revoke=Revoke(authenticate_client, access_tokens, refresh_tokens, stores.tokens, database, clock),
        end_session=EndSessionEndpoint(
            database, sessions, stores.sessions, registry, id_tokens, end, deliver, farewells, logout_questions
        ),
        elsewhere=elsewhere,
        documents=PublishedDocuments(keys.ring, settings),
        authenticate=Authenticate(read_token, stores.accounts, database, step_up, clock),
        interactions=interactions,
        sessions=sessions,
        log_in=LogIn(
            database,
            stores.accounts,
            interactions,
            abuse.budget,
            abuse.devices,
            steps,
            vault,
            keys.passwords,
            record_log_ins,
            clock,
            settings,
        ),
        steps=steps,
        factors=factors,
        login_rules=ChangeLoginRules(database, stores.factors.rules, stores.clients, login_rules, clock),
        proofing=proofing,
        keys=key_factors,
        messages=sender,
        log_out=LogOut(database, sessions, end, deliver, farewells),
        select_account=SelectAccount(interactions, sessions),
        own_sessions=own_sessions,
        ask_consent=ask_consent,
        decide_consent=DecideConsent(database, stores.consents, interactions, sessions, ask_consent, clock),
        consents=consents,
        directory=directory,
        known_names=KnownNames(database, SqlKnownNameStore(), vault),
        registry=registry,
        client_keys=client_keys,
        browser_origins=BrowserOrigins(database, stores.clients, clock),
        proofs=proofs,
        constraint=constraint,
        register_organisation=RegisterOrganisation(database, stores.organisations, clock),
        create_account=create_account,
        state_details=state_details,
        change_account_status=change_account_status,
        assign_staff_role=staff.assign,
        remove_staff_role=staff.remove,
        staff=staff,
        scim=scim,
        clients=clients,
        register_client=clients.register,
        change_client_status=clients.status,
        deliver_logouts=deliver,
        upstream=upstream,
        agency=agency,
        sweep=sweep,
        upkeep=Upkeep(deliver, elsewhere.notify, sweep, persons.departures),
        farewells=farewells,
        notices=notices,
        own_history=own_history,
        record_log_ins=record_log_ins,
        own_log_ins=own_log_ins,
        abuse=abuse,
        passwords=build_passwords(
            ground,
            PasswordParts(
                stores.accounts,
                stores.sessions,
                sessions,
                vault,
                end,
                deliver,
                abuse,
                factor_parts.codes,
                factor_parts.addresses,
                offered,
                factor_parts.judges,
                rules,
            ),
            settings,
        ),
        news=news,
        own_account=own_account,
        change_details=ChangeOwnDetails(factors.visits, own_account, state_details),
        confirm_email=ConfirmEmail(
            database, stores.profiles, sessions, factors.visits, vault, factor_parts.codes, sender, clock
        ),
        exports=stores.exports,
        export_sources=(
            AccountChapters(
                database,
                stores.accounts,
                stores.upstream.links,
                own_account,
                own_sessions,
                own_log_ins,
                consents,
                own_history,
            ),
            HeldChapters(
                database,
                key_factors.own_passkeys,
                key_factors.own_certificates,
                factors.authenticators,
                stores.abuse.known_devices,
                stores.proofing.evidence,
                agency.overview,
            ),
        ),
        delivery_log=DeliveryLog(database, stores.deliveries, clients.look, deliver, clock),
        logout_questions=logout_questions,
        fetcher=fetcher,
    )


def _companies(registers: RegisterSources) -> CompanyRegister:
    return RegisteredCompanies(registers.organisations) if registers.organisations.connected else NoRegister()
