"""An organisation ceases to exist: nobody acts for it any more, from this moment on.

Civil Code of China Art. 72 (a legal person ends with its deregistration), Art. 173 (agency ends with the principal).
"""

from __future__ import annotations

import datetime as dt

from core.audit.event import AuditEvent, Detail
from core.db.database import Database
from core.errors import NotFound, NotPermitted
from core.identifiers.uscc import parse_uscc
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from idp.agency.model import Reason
from idp.agency.revoke import RevokeAuthorisation
from idp.directory import organisation_not_found
from idp.model import OrganisationStatus
from idp.ports import OrganisationStore

_SECURITY = "admin:security"


class DissolveOrganisation:
    """The use case; also what hears of dissolutions from the register."""

    def __init__(self, database: Database, organisations: OrganisationStore, revoke: RevokeAuthorisation) -> None:
        self._database = database
        self._organisations = organisations
        self._revoke = revoke

    async def __call__(self, typed: str, *, on: dt.date, reference: str, actor: Principal) -> int:
        """Doing it twice changes nothing more.

        Args:
            on: the day on which it ended, by the register.
            reference: where that stands: the register's or the case file's number.

        Returns:
            How many authorisations ended.

        Raises:
            InvalidInput: `uscc-invalid`.
            NotFound: `organisation-not-found`.
            NotPermitted: `security-administrator-only`.
        """
        if actor.kind is not PrincipalKind.SYSTEM and not actor.may(_SECURITY):
            raise NotPermitted(
                "security-administrator-only",
                Text("这件事由安全管理员做。", "This is for a security administrator."),
            )
        uscc = parse_uscc(typed)
        async with self._database.write() as tx:
            if await self._organisations.get(tx, uscc) is None:
                raise organisation_not_found()
            if await self._organisations.change_status(tx, uscc, OrganisationStatus.DISSOLVED):
                detail: Detail = {"on": on.isoformat(), "reference": reference[:80]}
                tx.audit(AuditEvent("organisation.dissolve", "done", actor, uscc, detail=detail))
            await tx.commit()
        return await self._revoke.all_of_organisation(uscc, Reason.DISSOLVED, actor)

    async def dissolved(self, code: str, on: dt.date) -> None:
        """The register reports it; organisations that nobody acts for here are no concern of ours."""
        try:
            await self(code, on=on, reference="register", actor=SYSTEM)
        except NotFound:
            return
