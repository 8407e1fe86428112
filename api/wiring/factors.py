"""Puts together what people can add to a log-in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.wiring.ground import Ground
from idp.directory import PersonVault
from idp.factors.addresses import Addresses
from idp.factors.check_step import CheckStep, StepJudge
from idp.factors.codes import OneTimeCodes
from idp.factors.judging import CountedTries
from idp.factors.log_in_by_code import LogInByCode
from idp.factors.password_step import PasswordStep
from idp.factors.sent_codes import SendStepCode, SentCodeFactor
from idp.login.interactions import Interactions
from idp.login.ports import SecondFactor
from idp.login.proofs import Method
from idp.login.steps import LoginSteps
from idp.messages.ports import MessageSender
from idp.ports import AccountStore, ProfileStore
from idp.settings import IdpSettings


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


@dataclass(frozen=True)
class FactorServices:
    """Ready use cases."""

    codes: OneTimeCodes
    addresses: Addresses
    check_step: CheckStep
    send_step_code: SendStepCode
    log_in_by_code: LogInByCode


def build_factor_parts(
    ground: Ground, settings: IdpSettings, profiles: ProfileStore, vault: PersonVault, sender: MessageSender
) -> FactorParts:
    """Compose what the steps need."""
    codes = OneTimeCodes(ground.kv, ground.keys.secrets.tokens, sender, settings)
    addresses = Addresses(ground.database, profiles, vault, sender)
    sms, email = (SentCodeFactor(one, addresses, codes, ground.clock) for one in (Method.SMS, Method.EMAIL))
    password = PasswordStep(ground.keys.passwords, ground.clock)
    judges: dict[Method, StepJudge] = {Method.SMS: sms, Method.EMAIL: email, Method.PASSWORD: password}
    return FactorParts((sms, email, password), judges, codes, addresses)


def build_factors(
    ground: Ground,
    parts: FactorParts,
    accounts: AccountStore,
    interactions: Interactions,
    steps: LoginSteps,
    tries: CountedTries,
    vault: PersonVault,
) -> FactorServices:
    """Compose what stands on the steps."""
    database, kv, digests, clock = ground.database, ground.kv, ground.keys.secrets.tokens, ground.clock
    return FactorServices(
        codes=parts.codes,
        addresses=parts.addresses,
        check_step=CheckStep(steps, parts.judges, tries),
        send_step_code=SendStepCode(steps, parts.codes, parts.addresses),
        log_in_by_code=LogInByCode(
            database,
            accounts,
            interactions,
            tries,
            parts.codes,
            parts.addresses,
            steps,
            vault,
            kv,
            digests,
            clock,
        ),
    )
