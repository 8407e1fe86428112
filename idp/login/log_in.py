"""Log-in with ID number or phone and a password: the same answer and the same work for everybody (attacks O-52)."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import LimitExceeded, NotPermitted
from core.principal import ANONYMOUS
from core.text import Text
from idp.abuse.attempt import Admitted, Attempt, Way
from idp.abuse.budget import Budget
from idp.abuse.devices import KnownDevices
from idp.abuse.even import even_refusals
from idp.directory import PersonVault
from idp.errors import WrongCredentials
from idp.identifiers import parse_identifier
from idp.login.circumstances import Circumstances
from idp.login.interactions import Interactions
from idp.login.proofs import Kind, Method, Proof, resting_on
from idp.login.steps import LoginSteps, MoreNeeded, SignedIn
from idp.login_history.record import RecordLogIns
from idp.model import Account, AccountStatus
from idp.passwords.normal import normal_password
from idp.ports import AccountStore
from idp.settings import IdpSettings
from idp.source import source_of
from keys.ports import PasswordHasher

_AMR = ("pwd",)


class LogIn:
    """The use case."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        interactions: Interactions,
        budget: Budget,
        devices: KnownDevices,
        steps: LoginSteps,
        vault: PersonVault,
        passwords: PasswordHasher,
        history: RecordLogIns,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._interactions = interactions
        self._budget = budget
        self._devices = devices
        self._steps = steps
        self._vault = vault
        self._passwords = passwords
        self._history = history
        self._clock = clock
        self._settings = settings

    async def __call__(self, identifier: str, password: str, circumstances: Circumstances) -> SignedIn | MoreNeeded:
        """
        Args:
            identifier: ID number or phone number, as typed.

        Raises:
            WrongCredentials: `password-wrong` on field `password`, the same for unknown accounts.
            InvalidInput: the identifier is neither an ID number nor a phone number (field `identifier`).
            PuzzleNeeded: the browser must compute first.
            LimitExceeded: `too-many-tries`, or `busy` when too many passwords are being checked.
            NotPermitted: `account-frozen`; only after the right password.
            InteractionGone: the portal's request has expired.
        """
        if circumstances.interaction_id is not None:
            await self._interactions.pending(circumstances.interaction_id)
        who = parse_identifier(identifier, today=calendar_day(self._clock.now()))
        indexes = self._vault.indexes(who.kind, who.value)
        async with even_refusals(self._settings.even_answers):
            account = await self._find(indexes)
            attempt = await self._attempt(indexes[0], password, account, circumstances)
            admitted = await self._admit(attempt, circumstances)
            await self._check(account, attempt, admitted, circumstances)
        assert account is not None, "nobody's password is never right"
        await self._budget.succeeded(attempt)
        rests_on = await self._hash_anew(account, attempt.secret, circumstances.source)
        proof = Proof(Method.PASSWORD, _AMR, frozenset({Kind.KNOWLEDGE}), self._clock.now(), rests_on=rests_on)
        return await self._steps.proved(account, proof, circumstances)

    async def _find(self, indexes: Sequence[bytes]) -> Account | None:
        async with self._database.read() as tx:
            return await self._accounts.by_identifier(tx, indexes)

    async def _attempt(self, index: bytes, password: str, account: Account | None, here: Circumstances) -> Attempt:
        account_id = None if account is None else account.id
        device = await self._devices.name(account_id, here.device_cookie)
        secret = normal_password(password) or ""  # nothing for what was never accepted (O-59)
        return Attempt(Way.PASSWORD, index, here.source, here.answer, device, secret, account_id)

    async def _admit(self, attempt: Attempt, here: Circumstances) -> Admitted:
        try:
            return await self._budget.admit(attempt)
        except LimitExceeded as error:
            await self._refused(attempt.account_id, error.code, here)
            raise

    async def _check(self, account: Account | None, attempt: Attempt, admitted: Admitted, here: Circumstances) -> None:
        """
        Raises:
            WrongCredentials, NotPermitted.
        """
        stored = account.password_hash or None if account else None  # an account without a password is like no account
        right = await self._passwords.verify(attempt.secret, stored, source=source_of(here.source))
        if account is None or not right:
            await self._budget.failed(attempt)
            await self._refused(attempt.account_id, "password-wrong", here)
            raise _wrong(admitted)
        if account.status is not AccountStatus.ACTIVE:
            await self._refused(account.id, f"account-{account.status.value}", here)
            raise NotPermitted(
                "account-frozen",
                Text(
                    "这个账号已停用。请带身份证到政务服务大厅，或拨打 12345。",
                    "This account is out of use. Bring your ID card to a service hall, or call 12345.",
                ),
            )

    async def _hash_anew(self, account: Account, password: str, source: str) -> str:
        """Keep the right password at today's cost, if its hash has another; it can wait for a quieter time.

        Answers what the proof rests on: the hash that is stored now. Where another log-in renews it at this moment,
        that is not known, and nothing more is looked at.
        """
        old = account.password_hash
        if not self._passwords.needs_rehash(old):
            return resting_on(old)
        try:
            new = await self._passwords.hash(password, source=source_of(source))
        except LimitExceeded:
            return resting_on(old)
        async with self._database.quick_write() as tx:
            renewed = await self._accounts.renew_password_hash(tx, account.id, old=old, new=new)
            await tx.commit()
        return resting_on(new) if renewed else ""

    async def _refused(self, account_id: str | None, reason: str, here: Circumstances) -> None:
        method, source = Method.PASSWORD.value, source_of(here.source)
        self._history.refused(account_id, method=method, reason=reason, source=source, user_agent=here.user_agent)
        await self._database.record(
            AuditEvent("session.start", "refused", ANONYMOUS, account_id, detail={"reason": reason})
        )


def _wrong(admitted: Admitted) -> WrongCredentials:
    """The state, then what to do; nothing in it depends on whether the account exists."""
    text = Text(
        "账号或密码不对，还可以试 {left} 次。请核对身份证号或手机号，再输一次密码。",
        "Wrong ID number, phone or password. {left} tries left. Check both and try again.",
    )
    if admitted.left == 0:
        text = Text(
            "账号或密码不对。再试之前，浏览器要先算一道题，通常几秒钟；也可以换一种方式登录。",
            "Wrong ID number, phone or password. Before the next try your browser computes something for some "
            "seconds; or log in another way.",
        )
    text = text.format(left=admitted.left)
    return WrongCredentials("password-wrong", text, field="password", puzzle=admitted.puzzle)
