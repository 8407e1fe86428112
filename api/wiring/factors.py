"""Puts together what people can add to a log-in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from api.wiring.ground import Ground
from idp.directory import PersonVault
from idp.factors.addresses import Addresses
from idp.factors.check_step import CheckStep, StepJudge
from idp.factors.codes import OneTimeCodes
from idp.factors.judging import CountedTries
from idp.factors.log_in_by_code import LogInByCode
from idp.factors.password_step import PasswordStep
from idp.factors.recovery.factor import RecoveryFactor
from idp.factors.recovery.own import OwnRecoveryCodes
from idp.factors.recovery.ports import RecoveryCodeStore
from idp.factors.registry import FactorRegistry
from idp.factors.sent_codes import SendStepCode, SentCodeFactor
from idp.factors.strong import StrongVisits
from idp.factors.totp.factor import TotpFactor
from idp.factors.totp.own import OwnAuthenticators
from idp.factors.totp.ports import AuthenticatorStore
from idp.login.interactions import Interactions
from idp.login.ports import SecondFactor
from idp.login.proofs import Method
from idp.login.rules import LoginRuleStore
from idp.login.sessions import Sessions
from idp.login.steps import LoginSteps
from idp.messages.ports import MessageSender
from idp.ports import AccountStore
from idp.settings import IdpSettings
from idp.stores.factors import SqlAuthenticatorStore, SqlRecoveryCodeStore
from idp.stores.login_rules import SqlLoginRuleStore
from idp.telling import TellPerson


@dataclass(frozen=True)
class FactorStores:
    """The stores; tests put wrapped ones in."""

    authenticators: AuthenticatorStore = field(default_factory=SqlAuthenticatorStore)
    recovery: RecoveryCodeStore = field(default_factory=SqlRecoveryCodeStore)
    rules: LoginRuleStore = field(default_factory=SqlLoginRuleStore)


@dataclass(frozen=True)
class FactorParts:
    """What stands before the steps of a log-in.

    Attributes:
        offered: in the order in which they are offered.
        judges: of what is typed in.
    """

    offered: Sequence[SecondFactor]
    judges: dict[Method, StepJudge]
    codes: OneTimeCodes
    addresses: Addresses
    recovery: RecoveryFactor


@dataclass(frozen=True)
class FactorServices:
    """Ready use cases."""

    codes: OneTimeCodes
    addresses: Addresses
    check_step: CheckStep
    send_step_code: SendStepCode
    log_in_by_code: LogInByCode
    visits: StrongVisits
    registry: FactorRegistry
    authenticators: OwnAuthenticators
    recovery: RecoveryFactor
    recovery_codes: OwnRecoveryCodes


@dataclass(frozen=True)
class SharedWithFactors:
    """What they use of the identity provider."""

    accounts: AccountStore
    interactions: Interactions
    sessions: Sessions
    vault: PersonVault
    tries: CountedTries
    tell: TellPerson
    factors: Sequence[SecondFactor]


def build_factor_parts(
    ground: Ground, settings: IdpSettings, stores: FactorStores, addresses: Addresses, sender: MessageSender
) -> FactorParts:
    """Compose what the steps need."""
    database, people, clock = ground.database, ground.keys.secrets.fields.people, ground.clock
    codes = OneTimeCodes(ground.kv, ground.keys.secrets.tokens, sender, settings)
    sms, email = (SentCodeFactor(one, addresses, codes, clock) for one in (Method.SMS, Method.EMAIL))
    totp = TotpFactor(database, stores.authenticators, people, clock)
    password = PasswordStep(ground.keys.passwords, clock)
    recovery = RecoveryFactor(database, stores.recovery, people, clock)
    offered = (totp, sms, email, password, recovery)
    return FactorParts(offered, {one.method: one for one in offered}, codes, addresses, recovery)


def build_factors(
    ground: Ground,
    settings: IdpSettings,
    stores: FactorStores,
    parts: FactorParts,
    shared: SharedWithFactors,
    steps: LoginSteps,
) -> FactorServices:
    """Compose what stands on the steps."""
    database, kv, secrets, clock = ground.database, ground.kv, ground.keys.secrets, ground.clock
    visits = StrongVisits(shared.sessions, shared.factors, clock, settings)
    fields, city = secrets.fields, ground.settings.city
    return FactorServices(
        codes=parts.codes,
        addresses=parts.addresses,
        check_step=CheckStep(steps, parts.judges, shared.tries, kv, settings),
        send_step_code=SendStepCode(steps, parts.codes, parts.addresses),
        log_in_by_code=LogInByCode(
            database,
            shared.accounts,
            shared.interactions,
            shared.tries,
            parts.codes,
            parts.addresses,
            steps,
            shared.vault,
            kv,
            secrets.tokens,
            clock,
        ),
        authenticators=OwnAuthenticators(
            database,
            stores.authenticators,
            visits,
            fields.people,
            fields.short_lived,
            kv,
            shared.tell,
            clock,
            issuer=f"{city}一证",
        ),
        visits=visits,
        registry=FactorRegistry(database, shared.accounts, shared.factors, parts.addresses, parts.recovery),
        recovery=parts.recovery,
        recovery_codes=OwnRecoveryCodes(
            database, stores.recovery, shared.accounts, visits, fields.people, shared.tell, clock
        ),
    )
