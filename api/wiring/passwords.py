"""Puts together what people do with their passwords, and how they hear of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.settings import Settings
from api.wiring.abuse import AbuseServices
from api.wiring.ground import Ground
from idp.directory import PersonVault
from idp.factors.addresses import Addresses
from idp.factors.check_step import StepJudge
from idp.factors.codes import OneTimeCodes
from idp.factors.strong import StrongVisits
from idp.login.ports import SecondFactor
from idp.login.proofs import Method
from idp.login.sessions import Sessions
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.messages.ports import MessageSender
from idp.model import NoticeKind
from idp.own_password.change import ChangePassword
from idp.own_password.news import NewsByMessage
from idp.own_password.reset import PasswordReset
from idp.own_password.settle import SettlePassword
from idp.passwords.lists import open_list
from idp.passwords.rules import PasswordRules
from idp.ports import AccountStore, SessionStore
from idp.settings import IdpSettings


@dataclass(frozen=True)
class PasswordServices:
    """Ready use cases."""

    change: ChangePassword
    reset: PasswordReset


@dataclass(frozen=True)
class PasswordParts:
    """What changes of a password rest on."""

    accounts: AccountStore
    session_store: SessionStore
    sessions: Sessions
    vault: PersonVault
    end_session: EndSession
    deliver: DeliverLogouts
    abuse: AbuseServices
    codes: OneTimeCodes
    addresses: Addresses
    factors: Sequence[SecondFactor]
    judges: Mapping[Method, StepJudge]
    rules: PasswordRules


def build_rules(settings: Settings) -> PasswordRules:
    """
    Raises:
        ValueError: the operator's list cannot be used.
    """
    file = settings.password_list_file
    return PasswordRules(() if file is None else (open_list(file),), least=settings.password_least)


def build_news(ground: Ground, accounts: AccountStore, addresses: Addresses, sender: MessageSender) -> NewsByMessage:
    """In demo mode no message of new browsers: everybody who looks in is one of the same few people."""
    quiet = (NoticeKind.NEW_DEVICE,) if ground.settings.demo else ()
    return NewsByMessage(ground.database, accounts, addresses, sender, quiet=quiet)


def build_passwords(ground: Ground, parts: PasswordParts, settings: IdpSettings) -> PasswordServices:
    """Compose the use cases."""
    hasher, abuse = ground.keys.passwords, parts.abuse
    settle = SettlePassword(
        parts.accounts, parts.session_store, parts.end_session, abuse.devices, abuse.tell, ground.clock
    )
    return PasswordServices(
        change=ChangePassword(
            ground.database,
            StrongVisits(parts.sessions, parts.factors, ground.clock, settings),
            parts.vault,
            parts.rules,
            hasher,
            settle,
            abuse.tell,
            parts.deliver,
        ),
        reset=PasswordReset(
            ground.database,
            parts.accounts,
            parts.vault,
            ground.kv,
            ground.keys.secrets.tokens,
            abuse.budget,
            parts.codes,
            parts.addresses,
            parts.factors,
            parts.judges,
            parts.rules,
            hasher,
            settle,
            abuse.tell,
            abuse.events,
            parts.deliver,
            ground.clock,
        ),
    )
