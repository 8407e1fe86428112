"""Puts together what people hold keys for: passkeys, certificates, and the QR log-in of a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.wiring.ground import Ground
from idp.clients.ports import CertificateJudge
from idp.clients.registry import ClientRegistry
from idp.directory import PersonVault
from idp.factors.certificates.in_force import CertificatesInForce
from idp.factors.certificates.log_in import LogInByCertificate
from idp.factors.certificates.own import CertificateFactor, OwnCertificates
from idp.factors.certificates.ports import CertificateStore
from idp.factors.certificates.showing import Showing
from idp.factors.changes import BoundKeyEvidence
from idp.factors.passkeys.challenges import Challenges
from idp.factors.passkeys.enrol import EnrolPasskey
from idp.factors.passkeys.log_in import LogInByPasskey
from idp.factors.passkeys.own import OwnPasskeys, PasskeyFactor
from idp.factors.passkeys.party import party_of
from idp.factors.passkeys.ports import PasskeyStore
from idp.factors.refusals import Refusals
from idp.factors.strong import StrongVisits
from idp.factors.ways_in import HeldKeys, WaysIn
from idp.login.interactions import Interactions
from idp.login.ports import SecondFactor
from idp.login.sessions import Sessions
from idp.login.steps import LoginSteps
from idp.ports import AccountStore, SessionStore
from idp.qr_login.phone import QrPhone
from idp.qr_login.requests import QrRequests
from idp.qr_login.screen import QrScreen
from idp.settings import IdpSettings
from idp.stores.passkeys import SqlPasskeyStore
from idp.stores.person_certificates import SqlPersonCertificateStore
from idp.telling import TellPerson
from keys.passkeys.model import RelyingParty


@dataclass(frozen=True)
class KeyStores:
    """The stores; tests put wrapped ones in."""

    passkeys: PasskeyStore
    certificates: CertificateStore


def key_stores() -> KeyStores:
    return KeyStores(SqlPasskeyStore(), SqlPersonCertificateStore())


@dataclass(frozen=True)
class KeyFactorParts:
    """What stands before the steps of a log-in."""

    stores: KeyStores
    in_force: HeldKeys
    passkey_factor: PasskeyFactor
    offered: Sequence[SecondFactor]


@dataclass(frozen=True)
class SharedWithKeys:
    """What they use of the identity provider."""

    accounts: AccountStore
    session_store: SessionStore
    sessions: Sessions
    interactions: Interactions
    registry: ClientRegistry
    vault: PersonVault
    judge: CertificateJudge
    factors: Sequence[SecondFactor]
    evidence: BoundKeyEvidence
    tell: TellPerson
    refusals: Refusals


@dataclass(frozen=True)
class KeyFactorServices:
    """Ready use cases. `party` is None where no browser would make a passkey: at an address without a name."""

    party: RelyingParty | None
    stores: KeyStores
    challenges: Challenges
    visits: StrongVisits
    passkey_factor: PasskeyFactor
    enrol_passkey: EnrolPasskey
    log_in_by_passkey: LogInByPasskey
    own_passkeys: OwnPasskeys
    showing: Showing
    log_in_by_certificate: LogInByCertificate
    own_certificates: OwnCertificates
    qr_screen: QrScreen
    qr_phone: QrPhone


def build_key_factor_parts(ground: Ground, settings: IdpSettings, stores: KeyStores) -> KeyFactorParts:
    """Compose what the steps need; passkeys are offered first."""
    in_force = CertificatesInForce(stores.certificates, ground.clock)
    passkey = PasskeyFactor(ground.database, stores.passkeys, offered=party_of(settings) is not None)
    certificate = CertificateFactor(ground.database, in_force, shown=settings.person_certificates)
    return KeyFactorParts(stores, in_force, passkey, (passkey, certificate))


def build_key_factors(
    ground: Ground, settings: IdpSettings, parts: KeyFactorParts, shared: SharedWithKeys, steps: LoginSteps
) -> KeyFactorServices:
    """Compose what stands on the steps."""
    database, clock, kv, secrets = ground.database, ground.clock, ground.kv, ground.keys.secrets
    stores, people, short_lived = parts.stores, secrets.fields.people, secrets.fields.short_lived
    evidence, tell, vault = shared.evidence, shared.tell, shared.vault
    party, policy = party_of(settings), ground.settings.passkey_policy
    known_party = party or RelyingParty("", "")  # refuses everything
    challenges = Challenges(kv, secrets.tokens, clock)
    visits = StrongVisits(shared.sessions, shared.factors, clock, settings)
    ways_in = WaysIn(stores.passkeys, parts.in_force)
    showing = Showing(kv, short_lived, secrets.tokens, shared.judge, clock, site=settings.issuer)
    requests = QrRequests(kv, short_lived, secrets.tokens, clock)
    return KeyFactorServices(
        party=party,
        stores=stores,
        challenges=challenges,
        visits=visits,
        passkey_factor=parts.passkey_factor,
        enrol_passkey=EnrolPasskey(
            database,
            stores.passkeys,
            visits,
            challenges,
            vault,
            people,
            evidence,
            tell,
            known_party,
            policy,
            clock,
        ),
        log_in_by_passkey=LogInByPasskey(
            database,
            stores.passkeys,
            shared.accounts,
            shared.interactions,
            challenges,
            steps,
            evidence,
            tell,
            shared.refusals,
            known_party,
            clock,
        ),
        own_passkeys=OwnPasskeys(database, stores.passkeys, visits, ways_in, people, evidence, tell),
        showing=showing,
        log_in_by_certificate=LogInByCertificate(
            database,
            stores.certificates,
            shared.accounts,
            shared.interactions,
            showing,
            steps,
            vault,
            shared.refusals,
            kv,
            clock,
            settings,
        ),
        own_certificates=OwnCertificates(
            database,
            stores.certificates,
            shared.accounts,
            showing,
            visits,
            ways_in,
            vault,
            people,
            evidence,
            tell,
            clock,
        ),
        qr_screen=QrScreen(
            database,
            requests,
            shared.accounts,
            shared.session_store,
            shared.sessions,
            shared.interactions,
            steps,
            kv,
            clock,
            settings,
        ),
        qr_phone=QrPhone(database, requests, shared.registry, shared.refusals, clock),
    )
