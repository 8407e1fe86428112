"""Change of one's password, shortly after a log-in that was as strong as the person can make it (ASVS 6.2.2, 7.5.1)."""

from __future__ import annotations

from core.db.database import Database
from core.errors import Conflict, InvalidInput
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.directory import PersonVault
from idp.factors.strong import StrongVisits
from idp.logout.deliver import DeliverLogouts
from idp.model import Account, NoticeKind
from idp.own_password.settle import SettlePassword
from idp.passwords.rules import About, PasswordRules
from idp.source import source_of
from idp.telling import TellPerson
from keys.ports import PasswordHasher


class ChangePassword:
    """The use case."""

    def __init__(
        self,
        database: Database,
        visits: StrongVisits,
        vault: PersonVault,
        rules: PasswordRules,
        passwords: PasswordHasher,
        settle: SettlePassword,
        tell: TellPerson,
        deliver: DeliverLogouts,
    ) -> None:
        self._database = database
        self._visits = visits
        self._vault = vault
        self._rules = rules
        self._passwords = passwords
        self._settle = settle
        self._tell = tell
        self._deliver = deliver

    async def __call__(
        self, session_cookie: str | None, new: str, *, source: str, device_cookie: str | None = None
    ) -> None:
        """Set it; every other log-in of the person ends.

        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            InvalidInput: on field `password`: as `PasswordRules.accept`, or `password-same`.
            LimitExceeded: `busy`.
            Conflict: `password-changed-meanwhile`.
        """
        visit = await self._visits.require(session_cookie)
        account, place = visit.account, source_of(source)
        accepted = await self._rules.accept(new, about(account, self._vault))
        if account.password_hash and await self._passwords.verify(accepted, account.password_hash, source=place):
            raise InvalidInput(
                "password-same",
                Text("这就是现在的密码。请换一个新的。", "That is your password already. Choose a new one."),
                field="password",
            )
        new_hash = await self._passwords.hash(accepted, source=place)
        actor = Principal(PrincipalKind.PERSON, account.id, session=visit.session.id)
        async with self._database.write() as tx:
            done = await self._settle(
                tx,
                account,
                new_hash,
                NoticeKind.PASSWORD_CHANGED,
                actor,
                source=source,
                device_cookie=device_cookie,
            )
            await tx.commit()
        if done is None:
            raise changed_meanwhile()
        self._tell.send(done.told)
        await self._deliver.attempt(done.deliveries)


def about(account: Account, vault: PersonVault) -> About:
    """What the password must not hold."""
    number = vault.open(account.id, "number", account.number) if account.number else ""
    return About(vault.name(account), number, vault.phone(account) or "")


def changed_meanwhile() -> Conflict:
    return Conflict(
        "password-changed-meanwhile",
        Text(
            "密码刚刚在别处改过了，这一次没有生效。请用新密码登录后再看。",
            "The password was changed elsewhere just now, so this change was not made. Log in with the new one first.",
        ),
    )
