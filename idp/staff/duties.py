"""Who may do what with staff and departments (attacks O-68, 三权分立).

System administrators propose roles for every organisation, department managers for their own department and those
below it; security administrators decide; audit administrators only look. Nobody proposes a role for themselves or
decides over one of theirs.
"""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.db.database import Database, ReadTx
from core.errors import NotFound, NotPermitted
from core.identifiers.uscc import is_uscc
from core.ids import is_id
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.security_events.model import SecurityEventKind
from idp.security_events.ports import SecurityEvents
from idp.staff.ports import DepartmentStore

PROPOSES = "admin:system"
PROPOSES_BELOW = "staff:manage"
DECIDES = "admin:security"
LOOKS = "admin:audit"


class Duties:
    """Checks duties; a refusal stands in the audit log before it is raised."""

    def __init__(self, database: Database, departments: DepartmentStore, events: SecurityEvents) -> None:
        self._database = database
        self._departments = departments
        self._events = events

    def within(self, actor: Principal) -> str | None:
        """The department at the top of what the actor sees; None for everything.

        Raises:
            NotPermitted: `duty-missing`.
        """
        if operates(actor) or any(actor.may(scope) for scope in (PROPOSES, DECIDES, LOOKS)):
            return None
        if actor.may(PROPOSES_BELOW) and actor.organisation is not None:
            return actor.organisation
        raise duty_missing()

    async def check_looks(self, actor: Principal, action: str) -> str | None:
        """As `within`, on record.

        Raises:
            NotPermitted: `duty-missing`.
        """
        try:
            return self.within(actor)
        except NotPermitted:
            await self.refuse(actor, action, None)
            raise

    async def check_proposes(self, actor: Principal, department: str, action: str, subject: str | None) -> None:
        """
        Raises:
            NotFound: `organisation-not-found`, for a department that the actor has nothing to do with.
            NotPermitted: `duty-missing`.
        """
        if self.proposes_everywhere(actor):
            return
        if not actor.may(PROPOSES_BELOW) or actor.organisation is None:
            await self.refuse(actor, action, subject)
            raise duty_missing()
        async with self._database.read() as tx:
            inside = await self.reaches(tx, actor.organisation, department)
        if not inside:
            await self.refuse(actor, action, subject)
            raise NotFound("organisation-not-found", Text("没有登记这个机构。", "There is no such organisation."))

    def proposes_everywhere(self, actor: Principal) -> bool:
        return operates(actor) or actor.may(PROPOSES)

    async def check_decides(self, actor: Principal, action: str, subject: str | None) -> None:
        """
        Raises:
            NotPermitted: `duty-missing`.
        """
        if not (operates(actor) or actor.may(DECIDES)):
            await self.refuse(actor, action, subject)
            raise duty_missing()

    async def check_is_another(self, actor: Principal, account_id: str, action: str) -> None:
        """
        Raises:
            NotPermitted: `own-rights`.
        """
        if actor.id == account_id:
            await self.refuse(actor, action, account_id)
            raise NotPermitted(
                "own-rights",
                Text(
                    "不能给自己加岗位，也不能审批自己的岗位，请由同事办理。",
                    "Nobody gives rights to themselves or decides over their own; a colleague has to.",
                ),
            )

    async def reaches(self, tx: ReadTx, top: str, department: str) -> bool:
        """Whether a department is `top` or below it."""
        return top in await self._departments.above(tx, department)

    async def refuse(self, actor: Principal, action: str, subject: str | None) -> None:
        await self._database.record(AuditEvent(action, "refused", actor, _readable(subject)))
        person = actor.id if actor.kind in (PrincipalKind.STAFF, PrincipalKind.PERSON) else None
        self._events.note(SecurityEventKind.STAFF_RIGHT_REFUSED, account_id=person, detail={"action": action})


def _readable(subject: str | None) -> str | None:
    """An account or an organisation; what else stood in the address may be anything, also somebody's name."""
    return subject if subject is not None and (is_id(subject) or is_uscc(subject)) else None


def operates(actor: Principal) -> bool:
    """Whoever is at the command line can write the tables anyway."""
    return actor.kind is PrincipalKind.SYSTEM


def duty_missing() -> NotPermitted:
    return NotPermitted(
        "duty-missing",
        Text(
            "您没有办理这件事的岗位，请找有此岗位的同事办理。",
            "This is not among your duties; ask a colleague who has it.",
        ),
    )
