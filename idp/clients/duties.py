"""Who may do what with clients: propose, look, decide (attacks O-68).

System administrators propose for every organisation, portal managers for their own; security administrators decide.
A client of another organisation looks like one that does not exist, and the attempt stands in the audit log.
"""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.db.database import Database
from core.errors import NotFound, NotPermitted
from core.principal import Principal, PrincipalKind
from core.text import Text

PROPOSES = "admin:system"
PROPOSES_OWN = "client:manage"
DECIDES = "admin:security"


def sees_all(actor: Principal) -> bool:
    return _operates(actor) or actor.may(PROPOSES) or actor.may(DECIDES)


def sees(actor: Principal, organisation: str | None) -> bool:
    """Whether the actor may look at a client of this organisation."""
    return sees_all(actor) or _owns(actor, organisation)


def manages(actor: Principal, organisation: str | None) -> bool:
    """Whether the actor may change a client of this organisation, as far as changes are not another's to decide."""
    return _operates(actor) or actor.may(PROPOSES) or _owns(actor, organisation)


def decides(actor: Principal) -> bool:
    return _operates(actor) or actor.may(DECIDES)


def _operates(actor: Principal) -> bool:
    """Whoever is at the command line can write the tables anyway."""
    return actor.kind is PrincipalKind.SYSTEM


def _owns(actor: Principal, organisation: str | None) -> bool:
    return actor.may(PROPOSES_OWN) and actor.organisation is not None and actor.organisation == organisation


def within(actor: Principal) -> str | None:
    """The one organisation that the actor sees; None for all of them.

    Raises:
        NotPermitted: `duty-missing`.
    """
    if sees_all(actor):
        return None
    if actor.may(PROPOSES_OWN) and actor.organisation is not None:
        return actor.organisation
    raise duty_missing()


class Duties:
    """Checks duties and leaves refusals on record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check_sees(self, actor: Principal, organisation: str | None, action: str, subject: str | None) -> None:
        """
        Raises:
            NotFound: `client-not-found`.
        """
        if not sees(actor, organisation):
            await self._refuse(actor, action, subject)
            raise client_not_found()

    async def check_manages(self, actor: Principal, organisation: str | None, action: str, subject: str | None) -> None:
        """
        Raises:
            NotFound: `client-not-found`: not to be seen.
            NotPermitted: `duty-missing`: to be seen, and another's to change.
        """
        await self.check_sees(actor, organisation, action, subject)
        if not manages(actor, organisation):
            await self._refuse(actor, action, subject)
            raise duty_missing()

    async def check_decides(self, actor: Principal, action: str, subject: str | None) -> None:
        """
        Raises:
            NotPermitted: `duty-missing`.
        """
        if not decides(actor):
            await self._refuse(actor, action, subject)
            raise duty_missing()

    async def _refuse(self, actor: Principal, action: str, subject: str | None) -> None:
        await self._database.record(AuditEvent(action, "refused", actor, subject))


def client_not_found() -> NotFound:
    return NotFound("client-not-found", Text("没有这个客户端。", "There is no such client."))


def duty_missing() -> NotPermitted:
    return NotPermitted(
        "duty-missing",
        Text(
            "您没有办理这件事的岗位，请找有此岗位的同事办理。",
            "This is not among your duties; ask a colleague who has it.",
        ),
    )
