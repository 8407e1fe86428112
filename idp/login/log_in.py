"""Log-in with ID number or phone and a password: the same answer and the same work for everybody (attacks O-52)."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import LimitExceeded, NotPermitted
from core.principal import ANONYMOUS
from core.text import Text
from idp.directory import PersonVault
from idp.errors import WrongCredentials
from idp.identifiers import parse_identifier
from idp.login.circumstances import Circumstances
from idp.login.interactions import Interactions
from idp.login.proofs import Kind, Method, Proof
from idp.login.steps import LoginSteps, MoreNeeded, SignedIn
from idp.login.throttle import LoginThrottle, source_of
from idp.login_history.record import RecordLogIns
from idp.model import Account, AccountStatus
from idp.people import MAX_PASSWORD
from idp.ports import AccountStore
from keys.ports import PasswordHasher

_AMR = ("pwd",)


class LogIn:
    """The use case."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        interactions: Interactions,
        throttle: LoginThrottle,
        steps: LoginSteps,
        vault: PersonVault,
        passwords: PasswordHasher,
        history: RecordLogIns,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._interactions = interactions
        self._throttle = throttle
        self._steps = steps
        self._vault = vault
        self._passwords = passwords
        self._history = history
        self._clock = clock

    async def __call__(self, identifier: str, password: str, circumstances: Circumstances) -> SignedIn | MoreNeeded:
        """
        Args:
            identifier: ID number or phone number, as typed.

        Raises:
            WrongCredentials: `password-wrong` on field `password`, the same for unknown accounts.
            InvalidInput: the identifier is neither an ID number nor a phone number (field `identifier`).
            LimitExceeded: `too-many-tries`, or `busy` when too many passwords are being checked.
            NotPermitted: `account-frozen`; only after the right password.
            InteractionGone: the portal's request has expired.
        """
        if circumstances.interaction_id is not None:
            await self._interactions.pending(circumstances.interaction_id)
        who = parse_identifier(identifier, today=calendar_day(self._clock.now()))
        indexes = self._vault.indexes(who.kind, who.value)
        index, account = indexes[0], await self._find(indexes)
        left = await self._admit(index, account, circumstances)
        await self._check(account, password, left, circumstances)
        assert account is not None, "nobody's password is never right"
        await self._throttle.succeeded(index, circumstances.source)
        await self._hash_anew(account, password, circumstances.source)
        proof = Proof(Method.PASSWORD, _AMR, frozenset({Kind.KNOWLEDGE}), self._clock.now())
        return await self._steps.proved(account, proof, circumstances)

    async def _find(self, indexes: Sequence[bytes]) -> Account | None:
        async with self._database.read() as tx:
            return await self._accounts.by_identifier(tx, indexes)

    async def _admit(self, index: bytes, account: Account | None, here: Circumstances) -> int:
        try:
            return await self._throttle.admit(index, here.source)
        except LimitExceeded as error:
            await self._refused(account, error.code, here)
            raise

    async def _check(self, account: Account | None, password: str, left: int, here: Circumstances) -> None:
        """
        Raises:
            WrongCredentials, NotPermitted.
        """
        usable = password if len(password) <= MAX_PASSWORD else ""  # a longer one was never accepted (O-59)
        stored = account.password_hash or None if account else None  # an account without a password is like no account
        right = await self._passwords.verify(usable, stored, source=source_of(here.source))
        if account is None or not right or usable != password:
            await self._refused(account, "password-wrong", here)
            raise _wrong(left)
        if account.status is not AccountStatus.ACTIVE:
            await self._refused(account, f"account-{account.status.value}", here)
            raise NotPermitted(
                "account-frozen",
                Text(
                    "这个账号已停用。请带身份证到政务服务大厅，或拨打 12345。",
                    "This account is out of use. Bring your ID card to a service hall, or call 12345.",
                ),
            )

    async def _hash_anew(self, account: Account, password: str, source: str) -> None:
        """Keep the right password at today's cost, if its hash has another; it can wait for a quieter time."""
        old = account.password_hash
        if not self._passwords.needs_rehash(old):
            return
        try:
            new = await self._passwords.hash(password, source=source_of(source))
        except LimitExceeded:
            return
        async with self._database.quick_write() as tx:
            await self._accounts.renew_password_hash(tx, account.id, old=old, new=new)
            await tx.commit()

    async def _refused(self, account: Account | None, reason: str, here: Circumstances) -> None:
        subject, source = None if account is None else account.id, source_of(here.source)
        method = Method.PASSWORD.value
        self._history.refused(subject, method=method, reason=reason, source=source, user_agent=here.user_agent)
        await self._database.record(
            AuditEvent("session.start", "refused", ANONYMOUS, subject, detail={"reason": reason})
        )


def _wrong(left: int) -> WrongCredentials:
    """The state, then what to do; nothing in it depends on whether the account exists."""
    text = Text(
        "账号或密码不对，还可以试 {left} 次。请核对身份证号或手机号，再输一次密码。",
        "Wrong ID number, phone or password. {left} tries left. Check both and try again.",
    )
    if left == 0:
        text = Text(
            "账号或密码不对，次数用完了。请 15 分钟后再试，或换一个网络登录。",
            "Wrong ID number, phone or password, and no tries are left. "
            "Try again in 15 minutes, or from another network.",
        )
    return WrongCredentials("password-wrong", text.format(left=left), field="password")
