"""What the steps of a log-in ask of others: how much must be proved, and what a person could prove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.db.database import WriteTx
from idp.login.circumstances import Circumstances
from idp.login.proofs import Method, Vouched
from idp.model import Account, Session, StaffRole


@dataclass(frozen=True, slots=True)
class Requirement:
    """How much a log-in must prove.

    Attributes:
        must: the authentication context class (acr) without which no session opens.
        wanted: the one to go for; whoever has nothing more to add is let in with `must`.
        methods: those that count; None for all.
    """

    must: str
    wanted: str
    methods: frozenset[Method] | None = None


class LoginPolicy(Protocol):
    """Decides how much is enough."""

    async def needed(
        self,
        account: Account,
        roles: Sequence[StaffRole],
        circumstances: Circumstances,
        *,
        client_id: str | None,
        wanted_acr: Sequence[str],
    ) -> Requirement:
        """
        Args:
            client_id: the client that it is for; None for our own pages.
            wanted_acr: contexts of which the client wants one (OIDC Core §3.1.2.1, §5.5.1.1); any will do.
        """


class Vouching(Protocol):
    """Remembers which sessions begin on an upstream provider's word."""

    async def begin(self, tx: WriteTx, session: Session, vouched: Vouched) -> None:
        """Tie a session that opens to the provider's; the caller commits.

        Raises:
            AppError: the provider's word does not open this account any more.
        """


class SecondFactor(Protocol):
    """One method by which a person can add to what they have proved."""

    @property
    def method(self) -> Method: ...

    async def usable(self, account: Account) -> bool:
        """Whether this person has it; its page is `/login/step/` and the method's name."""
