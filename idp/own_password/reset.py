"""A password set anew by somebody who forgot it: prove the phone, prove more where there is more, then choose.

Three steps, each bound to one browser by a cookie and to one state of the account: none can be skipped, since each
moves the kept state on by one atomic operation, and the last one takes it. Nobody learns here whether there is an
account: everything is done for a number that is nobody's, but the sending (attacks O-52, O-56).

A reset opens no session. The person logs in afterwards, with whatever second factor they have; and who has another
factor than the phone, or must have two, proves that one here too, so that a stolen phone alone is not enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import NotFound, NotPermitted
from core.ids import new_secret
from core.kv.port import KeyValueStore
from core.principal import ANONYMOUS, Principal, PrincipalKind
from core.text import Language, Text
from idp.abuse.attempt import Attempt, Way
from idp.abuse.budget import Budget
from idp.directory import PersonVault
from idp.factors.addresses import Addresses
from idp.factors.check_step import StepJudge, budget_of
from idp.factors.codes import OneTimeCodes, Post
from idp.identifiers import parse_identifier
from idp.login.circumstances import Circumstances
from idp.login.ports import SecondFactor
from idp.login.proofs import Method
from idp.logout.deliver import DeliverLogouts
from idp.messages.ports import AddressKind
from idp.messages.templates import CODE_TO_RESET
from idp.model import Account, AccountStatus, NoticeKind
from idp.own_password.change import about, changed_meanwhile
from idp.own_password.settle import SettlePassword
from idp.passwords.rules import PasswordRules
from idp.ports import AccountStore
from idp.security_events.model import SecurityEventKind
from idp.security_events.ports import SecurityEvents
from idp.source import source_of
from idp.telling import TellPerson
from idp.token_uses import RESET
from keys.ports import PasswordHasher, TokenDigests

LIFETIME = 900
_BY_THE_PHONE = frozenset({Method.SMS, Method.EMAIL, Method.PASSWORD})


class Stage(StrEnum):
    """What is asked next."""

    CODE = "code"
    FACTOR = "factor"
    PASSWORD = "password"  # noqa: S105 - the stage's name


class ResetGone(NotFound):
    """No reset is under way in this browser, or it cannot go on."""

    def __init__(self, *, private: str = "") -> None:
        super().__init__(
            "reset-gone",
            Text(
                "这次重设已经结束或过期了。请从头再来一次。",
                "This has ended or expired. Start again from the beginning.",
            ),
            private=private,
        )


class _Kept(msgspec.Struct, frozen=True):
    stage: Stage
    account_id: str | None
    state: str  # digest of the account's phone and password as they were


class PasswordReset:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        vault: PersonVault,
        kv: KeyValueStore,
        digests: TokenDigests,
        budget: Budget,
        codes: OneTimeCodes,
        addresses: Addresses,
        factors: Sequence[SecondFactor],
        judges: Mapping[Method, StepJudge],
        rules: PasswordRules,
        passwords: PasswordHasher,
        settle: SettlePassword,
        tell: TellPerson,
        events: SecurityEvents,
        deliver: DeliverLogouts,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._vault = vault
        self._kv = kv
        self._digests = digests
        self._budget = budget
        self._codes = codes
        self._addresses = addresses
        self._factors = factors
        self._judges = judges
        self._rules = rules
        self._passwords = passwords
        self._settle = settle
        self._tell = tell
        self._events = events
        self._deliver = deliver
        self._clock = clock

    async def begin(self, identifier: str, here: Circumstances, language: Language) -> str:
        """Send a code to the phone of whoever this is, if anybody.

        Returns:
            The value of the reset's cookie.

        Raises:
            InvalidInput: the identifier is neither an ID number nor a phone number (field `identifier`).
            PuzzleNeeded: the browser must compute first.
            LimitExceeded: `too-many-tries`, `code-too-soon`, `too-many-codes`.
        """
        async with self._codes.evenly():
            return await self._begin(identifier, here, language)

    async def _begin(self, identifier: str, here: Circumstances, language: Language) -> str:
        who = parse_identifier(identifier, today=calendar_day(self._clock.now()))
        indexes = self._vault.indexes(who.kind, who.value)
        async with self._database.read() as tx:
            account = await self._accounts.by_identifier(tx, indexes)
        account_id = None if account is None else account.id
        await self._budget.admit(Attempt(Way.RESET, indexes[0], here.source, here.answer, account_id=account_id))
        eligible = account is not None and account.status is AccountStatus.ACTIVE and bool(account.password_hash)
        address = await self._addresses.of(account if eligible else None, AddressKind.SMS)
        cookie = new_secret()
        kept = _Kept(Stage.CODE, account_id if address else None, self._state(account))
        await self._kv.put(self._key(cookie), msgspec.json.encode(kept), LIFETIME)
        await self._codes.issue(_slot(cookie), Post(indexes[0], address, here.source, language, CODE_TO_RESET))
        return cookie

    async def stage(self, cookie: str | None) -> Stage:
        """What the browser is to be asked next.

        Raises:
            ResetGone: there is none.
        """
        return (await self._find(cookie))[1].stage

    async def prove_phone(self, cookie: str | None, code: str, here: Circumstances) -> Stage:
        """
        Returns:
            What comes next.

        Raises:
            ResetGone: there is none, or it is at another step.
            InvalidInput: `code-wrong`, `code-gone` on field `code`.
            NotPermitted: `reset-at-window`: the account needs a second factor, and has none that could be used here.
        """
        raw, kept = await self._find(cookie, Stage.CODE)
        await self._codes.check(_slot(str(cookie)), code)
        account = await self._account(kept)
        if not await self._needs_more(account):
            return await self._move(cookie, raw, kept, Stage.PASSWORD)
        if await self.methods_of(account):
            return await self._move(cookie, raw, kept, Stage.FACTOR)
        await self._kv.take(self._key(str(cookie)))
        await self._refused(account, "no-second-factor", here)
        raise NotPermitted(
            "reset-at-window",
            Text(
                "这个账号登录要两步，光凭短信不能重设密码。有通行密钥的请直接用它登录，再改密码；"
                "没有的，请带身份证到政务服务大厅，工作人员请找安全管理员。",
                "This account logs in with two steps, so a text message alone cannot reset the password. If you have "
                "a passkey, log in with it and change the password; if not, bring your ID card to a service hall, or "
                "as a member of staff ask a security administrator.",
            ),
        )

    async def methods(self, cookie: str | None) -> Sequence[Method]:
        """The factors of which one must be proved beside the phone.

        Raises:
            ResetGone: there is none, or it is at another step.
        """
        _, kept = await self._find(cookie, Stage.FACTOR)
        return await self.methods_of(await self._account(kept))

    async def prove_factor(self, cookie: str | None, method: Method, typed: str, here: Circumstances) -> Stage:
        """
        Raises:
            ResetGone: there is none, or it is at another step, or the person does not have this factor.
            InvalidInput: what was typed is not right.
            LimitExceeded: `puzzle-needed`, `too-many-tries`.
        """
        raw, kept = await self._find(cookie, Stage.FACTOR)
        account = await self._account(kept)
        if method not in await self.methods_of(account):
            raise ResetGone(private="no such factor")
        attempt = Attempt(Way.RESET, budget_of(account), here.source, here.answer, account_id=account.id)
        await self._budget.admit(attempt)
        await self._judges[method].judge(account, typed, here)
        await self._budget.succeeded(attempt)
        return await self._move(cookie, raw, kept, Stage.PASSWORD)

    async def finish(self, cookie: str | None, new: str, here: Circumstances) -> None:
        """Set the password; every log-in of the person ends, and none begins.

        Raises:
            ResetGone: there is none, it is at another step, or another request has just finished it.
            InvalidInput: on field `password`, as `PasswordRules.accept`; the reset goes on.
            Conflict: `password-changed-meanwhile`.
        """
        raw, kept = await self._find(cookie, Stage.PASSWORD)
        account = await self._account(kept)
        accepted = await self._rules.accept(new, about(account, self._vault))
        new_hash = await self._passwords.hash(accepted, source=source_of(here.source))
        if await self._kv.take(self._key(str(cookie))) != raw:
            raise ResetGone(private="finished by another request")
        actor = Principal(PrincipalKind.PERSON, account.id)
        async with self._database.write() as tx:
            done = await self._settle(
                tx,
                await self._account(kept),
                new_hash,
                NoticeKind.PASSWORD_RESET,
                actor,
                source=here.source,
            )
            await tx.commit()
        if done is None:
            raise changed_meanwhile()
        self._tell.send(done.told)
        await self._deliver.attempt(done.deliveries)

    async def methods_of(self, account: Account) -> Sequence[Method]:
        """Factors beyond the phone that can be typed in here."""
        return [
            one.method
            for one in self._factors
            if one.method not in _BY_THE_PHONE and one.method in self._judges and await one.usable(account)
        ]

    async def _needs_more(self, account: Account) -> bool:
        """Staff always; others when they have anything beyond the phone, a passkey too."""
        async with self._database.read() as tx:
            if await self._accounts.roles(tx, account.id):
                return True
        beyond = [one for one in self._factors if one.method not in _BY_THE_PHONE]
        return any([await one.usable(account) for one in beyond])

    async def _find(self, cookie: str | None, stage: Stage | None = None) -> tuple[bytes, _Kept]:
        raw = None if not cookie else await self._kv.get(self._key(cookie))
        if raw is None:
            raise ResetGone
        kept = msgspec.json.decode(raw, type=_Kept)
        if stage is not None and kept.stage is not stage:
            raise ResetGone(private=f"is at {kept.stage.value}, not at {stage.value}")
        return raw, kept

    async def _move(self, cookie: str | None, raw: bytes, kept: _Kept, to: Stage) -> Stage:
        moved = msgspec.json.encode(msgspec.structs.replace(kept, stage=to))
        if not await self._kv.compare_and_swap(self._key(str(cookie)), raw, moved, LIFETIME):
            raise ResetGone(private="moved on by another request")
        return to

    async def _account(self, kept: _Kept) -> Account:
        """Whose it is, if nothing has changed since it began: another phone or password ends it."""
        async with self._database.read() as tx:
            account = None if kept.account_id is None else await self._accounts.get(tx, kept.account_id)
        if account is None or account.status is not AccountStatus.ACTIVE or self._state(account) != kept.state:
            raise ResetGone(private="the account has changed")
        return account

    def _state(self, account: Account | None) -> str:
        known = (account.id, (account.phone or b"").hex(), account.password_hash) if account else ("nobody", "", "")
        return self._digests.digest(RESET, " ".join(known))

    async def _refused(self, account: Account, reason: str, here: Circumstances) -> None:
        self._events.note(SecurityEventKind.RESET_REFUSED, account_id=account.id, source=here.source)
        await self._database.record(
            AuditEvent("account.change-password", "refused", ANONYMOUS, account.id, detail={"reason": reason})
        )

    def _key(self, cookie: str) -> str:
        return f"idp:reset:{self._digests.digest(RESET, cookie)}"


def _slot(cookie: str) -> str:
    return f"reset:{cookie}"
