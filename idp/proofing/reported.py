"""What happens when a register reports that an organisation was dissolved."""

from __future__ import annotations

import datetime as dt

from core.audit.event import AuditEvent
from core.db.database import Database
from core.principal import SYSTEM
from idp.directory import Directory
from idp.proofing.ports import OrganisationNews


class ReportedDissolutions:
    """Implements `OrganisationNews`: puts the report on record for whoever looks after the organisation."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    async def dissolved(self, code: str, on: dt.date) -> None:
        if await self._directory.organisation(code) is None:
            return
        detail = {"on": on.isoformat()}
        await self._database.record(
            AuditEvent("organisation.dissolution-reported", "done", SYSTEM, code, detail=detail)
        )


_: type[OrganisationNews] = ReportedDissolutions
