"""Who may do what with other people's accounts (attacks O-68, 三权分立).

System administrators propose, security administrators decide and freeze; whoever it is, never with an account of
their own. The command line acts as the service itself: it may freeze and propose, and never decide.
"""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.db.database import Database
from core.errors import NotPermitted
from core.ids import is_id
from core.principal import Principal, PrincipalKind
from idp.persons.errors import duty_missing, own_account

PROPOSES, DECIDES, LOOKS = "admin:system", "admin:security", "admin:audit"
ANY = (PROPOSES, DECIDES)


class PersonDuties:
    """Checks duties; a refusal stands in the audit log before it is raised."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self, actor: Principal, action: str, *, scopes: tuple[str, ...], account_id: str | None) -> None:
        """
        Args:
            scopes: one of which is needed.

        Raises:
            NotPermitted: `duty-missing`, `own-account`.
        """
        error: NotPermitted | None = None
        if (actor.kind is not PrincipalKind.SYSTEM and not any(actor.may(scope) for scope in scopes)) or (
            actor.kind is PrincipalKind.SYSTEM and scopes == (DECIDES,)
        ):
            error = duty_missing()
        elif account_id is not None and actor.id == account_id:
            error = own_account()
        if error is not None:
            known = account_id if account_id is not None and is_id(account_id) else None  # it comes from an address
            await self._database.record(AuditEvent(action, "refused", actor, known, detail={"reason": error.code}))
            raise error
