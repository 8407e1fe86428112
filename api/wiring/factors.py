"""Puts together what people can add to a log-in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.wiring.ground import Ground
from idp.directory import PersonVault
from idp.factors.addresses import Addresses
from idp.factors.check_step import CheckStep, StepJudge
from idp.factors.codes import OneTimeCodes
from idp.factors.ports import Attempts
from idp.factors.sent_codes import SendStepCode, SentCodeFactor
from idp.login.ports import SecondFactor
from idp.login.proofs import Method
from idp.login.steps import LoginSteps
from idp.messages.ports import MessageSender
from idp.ports import ProfileStore
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


def build_factor_parts(
    ground: Ground, settings: IdpSettings, profiles: ProfileStore, vault: PersonVault, sender: MessageSender
) -> FactorParts:
    """Compose what the steps need."""
    codes = OneTimeCodes(ground.kv, ground.keys.secrets.tokens, sender, settings)
    addresses = Addresses(ground.database, profiles, vault, sender)
    sms, email = (SentCodeFactor(one, addresses, codes, ground.clock) for one in (Method.SMS, Method.EMAIL))
    return FactorParts((sms, email), {Method.SMS: sms, Method.EMAIL: email}, codes, addresses)


def build_factors(ground: Ground, parts: FactorParts, steps: LoginSteps, attempts: Attempts) -> FactorServices:
    """Compose what stands on the steps."""
    return FactorServices(
        codes=parts.codes,
        addresses=parts.addresses,
        check_step=CheckStep(ground.database, steps, parts.judges, attempts),
        send_step_code=SendStepCode(steps, parts.codes, parts.addresses),
    )
