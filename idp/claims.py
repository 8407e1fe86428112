"""Real-name claims: opened only here, and every opening is an audit event."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.event import AuditEvent
from core.db.database import Database
from core.principal import Principal, PrincipalKind, Purpose
from idp.directory import Directory
from idp.model import Client, TokenFamily
from idp.protocol.scopes import REALNAME, SCOPE_CLAIMS


class RealNameClaims:
    """Answers `name` (registered name) and `id_number` (citizen identity number, GB 11643)."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    async def read(self, client: Client, family: TokenFamily, asked: Sequence[str], *, basis: str) -> dict[str, str]:
        """The claims in `asked` that are ours to give; the person agreed to them when the family was begun."""
        names = [name for name in asked if name in SCOPE_CLAIMS[REALNAME]]
        if not names or not client.realname_approved or REALNAME not in family.scopes:
            return {}
        person = await self._directory.person(family.account_id)
        actor = Principal(PrincipalKind.CLIENT, client.id, organisation=client.organisation, session=family.session_id)
        event = AuditEvent(
            "identity.read",
            "done",
            actor,
            family.account_id,
            Purpose(basis=basis),
            {"claims": " ".join(names)},
        )
        await self._database.record(event)
        values = {"name": person.name, "id_number": person.citizen_id.number}
        return {name: values[name] for name in names}
