"""Log-in with a code instead of a password: it goes to the phone or mailbox of whoever the number belongs to.

Everything looks and takes the same whether there is such an account or not; only the message is missing (attacks O-52).
The ticket that ties the code to the form is a random secret of this one log-in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import NotPermitted
from core.ids import new_secret
from core.kv.port import KeyValueStore
from core.text import Language, Text
from idp.directory import PersonVault
from idp.factors.addresses import Addresses
from idp.factors.codes import OneTimeCodes, Post, code_gone
from idp.factors.judging import CountedTries
from idp.factors.sent_codes import CHANNELS, code_proof
from idp.identifiers import parse_identifier
from idp.login.circumstances import Circumstances
from idp.login.interactions import Interactions
from idp.login.proofs import Method
from idp.login.steps import LoginSteps, MoreNeeded, SignedIn
from idp.model import Account, AccountStatus
from idp.ports import AccountStore
from idp.token_uses import CODE_TICKET
from keys.ports import TokenDigests

_LIFETIME = 900
_TICKET_LENGTH = 43


class _Begun(msgspec.Struct, frozen=True):
    method: Method
    account_id: str | None
    index: bytes


@dataclass(frozen=True, slots=True)
class CodeAsked:
    """The form with the code carries the ticket."""

    ticket: str = field(repr=False)


class LogInByCode:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        interactions: Interactions,
        tries: CountedTries,
        codes: OneTimeCodes,
        addresses: Addresses,
        steps: LoginSteps,
        vault: PersonVault,
        kv: KeyValueStore,
        digests: TokenDigests,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._interactions = interactions
        self._tries = tries
        self._codes = codes
        self._addresses = addresses
        self._steps = steps
        self._vault = vault
        self._kv = kv
        self._digests = digests
        self._clock = clock

    async def send(
        self, method: Method, identifier: str, circumstances: Circumstances, language: Language
    ) -> CodeAsked:
        """
        Args:
            method: one of `CHANNELS`.
            identifier: ID number or phone number, as typed.

        Raises:
            InvalidInput: the identifier is neither (field `identifier`).
            LimitExceeded: `code-too-soon`, `too-many-codes`.
            InteractionGone: the portal's request has expired.
        """
        await self._look_at_interaction(circumstances)
        async with self._codes.evenly():
            return await self._send(method, identifier, circumstances, language)

    async def _send(
        self, method: Method, identifier: str, circumstances: Circumstances, language: Language
    ) -> CodeAsked:
        who = parse_identifier(identifier, today=calendar_day(self._clock.now()))
        indexes = self._vault.indexes(who.kind, who.value)
        account = await self._find(indexes)
        address = await self._addresses.of(account, CHANNELS[method])
        ticket = new_secret()
        await self._codes.issue(_slot(ticket), Post(indexes[0], address, circumstances.source, language))
        begun = _Begun(method, None if address is None or account is None else account.id, indexes[0])
        await self._kv.put(self._key(ticket), msgspec.json.encode(begun), _LIFETIME)
        return CodeAsked(ticket)

    async def check(
        self, method: Method, ticket: str, typed: str, circumstances: Circumstances
    ) -> SignedIn | MoreNeeded:
        """
        Raises:
            InvalidInput: `code-wrong`, `code-gone`, on field `code`.
            LimitExceeded: `puzzle-needed`, `too-many-tries`.
            NotPermitted: `account-frozen`; only after the right code.
            InteractionGone: the portal's request has expired.
        """
        await self._look_at_interaction(circumstances)
        raw = await self._kv.get(self._key(ticket)) if len(ticket) == _TICKET_LENGTH else None
        begun = None if raw is None else msgspec.json.decode(raw, type=_Begun)
        if begun is None or begun.method is not method:
            raise code_gone()
        async with self._codes.refused_evenly():  # what is written down of a refusal must not show either
            await self._tries(
                lambda: self._codes.check(_slot(ticket), typed), method, begun.index, begun.account_id, circumstances
            )
        owner = await self._owner(begun, circumstances)
        return await self._steps.proved(owner, code_proof(method, self._clock), circumstances)

    async def _owner(self, begun: _Begun, circumstances: Circumstances) -> Account:
        assert begun.account_id is not None, "nobody's code was sent to nobody"
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, begun.account_id)
        if account is None or account.status is not AccountStatus.ACTIVE:
            error = NotPermitted(
                "account-frozen",
                Text(
                    "这个账号已停用。请带身份证到政务服务大厅，或拨打 12345。",
                    "This account is out of use. Bring your ID card to a service hall, or call 12345.",
                ),
            )
            await self._tries.refused(begun.method, begun.account_id, circumstances, error)
            raise error
        return account

    async def _find(self, indexes: Sequence[bytes]) -> Account | None:
        async with self._database.read() as tx:
            return await self._accounts.by_identifier(tx, indexes)

    async def _look_at_interaction(self, circumstances: Circumstances) -> None:
        if circumstances.interaction_id is not None:
            await self._interactions.pending(circumstances.interaction_id)

    def _key(self, ticket: str) -> str:
        return f"idp:code-login:{self._digests.digest(CODE_TICKET, ticket)}"


def _slot(ticket: str) -> str:
    return f"log-in:{ticket}"
