"""A person shows that they read the mailbox that they stated: a code goes there, and comes back (OIDC Core §5.1,
`email_verified`).
"""

from __future__ import annotations

import dataclasses

import msgspec

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import Conflict, NotAuthenticated, NotFound
from core.text import Language, Text
from idp.directory import PersonVault
from idp.factors.codes import OneTimeCodes, Post
from idp.factors.strong import StrongVisits, actor_of
from idp.login.sessions import Sessions, Visit
from idp.messages.ports import Address, AddressKind, MessageSender
from idp.messages.templates import CODE_TO_CONFIRM
from idp.model import AccountProfile
from idp.ports import ProfileStore
from idp.profile import PROFILE_COLUMN, Details, opened


class ConfirmEmail:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        profiles: ProfileStore,
        sessions: Sessions,
        visits: StrongVisits,
        vault: PersonVault,
        codes: OneTimeCodes,
        sender: MessageSender,
        clock: Clock,
    ) -> None:
        self._database = database
        self._profiles = profiles
        self._sessions = sessions
        self._visits = visits
        self._vault = vault
        self._codes = codes
        self._sender = sender
        self._clock = clock

    @property
    def possible(self) -> bool:
        """Whether mail can be sent at all."""
        return AddressKind.EMAIL in self._sender.reaches

    async def send(self, session_cookie: str | None, *, source: str, language: Language) -> None:
        """Send a code to the mailbox that is stated now.

        Raises:
            NotAuthenticated: `not-logged-in`.
            NotFresh: the log-in is too long ago.
            NotStrong: it rests on one factor, and the person has two.
            NotFound: `email-not-stated`.
            LimitExceeded: `code-too-soon`, `too-many-codes`.
        """
        visit = await self._visits.require(session_cookie)
        _, email = await self._stated(visit)
        address = Address(AddressKind.EMAIL, email)
        post = Post(email.encode(), address, source, language, CODE_TO_CONFIRM)
        await self._codes.issue(_slot(visit, email), post)

    async def __call__(self, session_cookie: str | None, typed: str) -> None:
        """The code came back: the mailbox is the person's.

        Raises:
            NotAuthenticated: `not-logged-in`.
            NotFound: `email-not-stated`.
            InvalidInput: `code-wrong`, `code-gone`, on field `code`; also when another mailbox was stated meanwhile.
            Conflict: `details-changed`, when it was stated anew in this very moment.
        """
        visit = await self._sessions.find(session_cookie)
        if visit is None:
            raise NotAuthenticated(
                "not-logged-in", Text("登录已过期，请重新登录。", "Your log-in has expired. Log in again.")
            )
        profile, email = await self._stated(visit)
        await self._codes.check(_slot(visit, email), typed)
        await self._verified(visit, profile)

    async def _stated(self, visit: Visit) -> tuple[AccountProfile, str]:
        async with self._database.read() as tx:
            profile = await self._profiles.get(tx, visit.account.id)
        email = None if profile is None else opened(self._vault, profile).email
        if profile is None or email is None:
            raise NotFound(
                "email-not-stated",
                Text("您还没有填邮箱，请先填好再核实。", "No e-mail address is stated. Enter it first."),
            )
        return profile, email

    async def _verified(self, visit: Visit, profile: AccountProfile) -> None:
        details: Details = dataclasses.replace(opened(self._vault, profile), email_verified=True)
        content = self._vault.seal(visit.account.id, PROFILE_COLUMN, msgspec.json.encode(details).decode())
        new = AccountProfile(visit.account.id, content, self._clock.now())
        async with self._database.write() as tx:
            if not await self._profiles.replace(tx, new, since=profile.updated_at):
                raise Conflict(
                    "details-changed",
                    Text(
                        "资料刚刚在别处改过，请再核实一次。",
                        "The details were changed elsewhere just now. Verify again.",
                    ),
                )
            tx.audit(AuditEvent("account.verify-email", "done", actor_of(visit), visit.account.id))
            await tx.commit()


def _slot(visit: Visit, email: str) -> str:
    return f"confirm-email:{visit.session.id}:{email}"
