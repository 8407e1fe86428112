"""What happens when a register reports a death: the account is put out of use, everywhere and at once."""

from __future__ import annotations

import datetime as dt

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database
from core.identifiers.citizen_id import parse_citizen_id
from core.principal import SYSTEM
from idp.directory import Directory, PersonVault
from idp.identifiers import CITIZEN_ID
from idp.model import AccountStatus
from idp.people import ChangeAccountStatus
from idp.ports import AccountStore
from idp.proofing.ports import OrganisationNews, PersonNews


class ReportedDeaths:
    """Implements `PersonNews`. A register may be wrong, so the account is frozen and can come back."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        vault: PersonVault,
        change_status: ChangeAccountStatus,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._vault = vault
        self._change_status = change_status
        self._clock = clock

    async def died(self, number: str, on: dt.date) -> None:
        """
        Raises:
            InvalidInput: the register's number is none.
        """
        parsed = parse_citizen_id(number, today=calendar_day(self._clock.now()))
        async with self._database.read() as tx:
            account = await self._accounts.by_identifier(tx, self._vault.indexes(CITIZEN_ID, parsed.number))
        if account is None or account.status is not AccountStatus.ACTIVE:
            return
        event = AuditEvent("account.death-reported", "done", SYSTEM, account.id, detail={"on": on.isoformat()})
        await self._database.record(event)
        await self._change_status(account.id, AccountStatus.FROZEN, SYSTEM)


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


_: tuple[type[PersonNews], type[OrganisationNews]] = (ReportedDeaths, ReportedDissolutions)
