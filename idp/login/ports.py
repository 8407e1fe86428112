"""What the steps of a log-in ask of others: how much must be proved, and what a person could prove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.db.database import WriteTx
from idp.login.circumstances import Circumstances
from idp.login.proofs import Method, Vouched
from idp.model import Account, Session, StaffRole


class LoginPolicy(Protocol):
    """Decides how much is enough."""

    async def needed(
        self,
        account: Account,
        roles: Sequence[StaffRole],
        circumstances: Circumstances,
        *,
        client_id: str | None,
        essential_acr: Sequence[str],
    ) -> str:
        """The authentication context class (acr) that this log-in must reach.

        Args:
            client_id: the client that it is for; None for our own pages.
            essential_acr: contexts of which the client must have one (OIDC Core §5.5.1.1).
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
