"""What an office sees of an account before it does something with it: no more than that needs, and on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database
from core.identifiers.documents import DocumentKind, parse_document
from core.principal import Principal, Purpose
from idp.directory import Directory, PersonVault, account_not_found
from idp.model import AccountStatus
from idp.persons.duties import ANY, LOOKS, PersonDuties
from idp.persons.model import Departure
from idp.persons.ports import DepartureStore, PersonStore
from idp.persons.words import parse_reason
from idp.ports import AccountStore, DocumentStore


@dataclass(frozen=True, slots=True)
class SeenDocument:
    """A further document, masked."""

    id: str
    kind: DocumentKind
    masked: str
    proved: bool


@dataclass(frozen=True, slots=True)
class SeenPerson:
    """An account as an office sees it: who it is only masked.

    Attributes:
        masked_name: the first character and stars; empty where it was erased.
        duplicates: accounts that were merged into this one.
    """

    id: str
    status: AccountStatus
    status_reason: str
    level: int
    created_at: dt.datetime
    masked_name: str
    masked_number: str
    masked_phone: str
    documents: Sequence[SeenDocument] = field(default_factory=tuple)
    departure: Departure | None = None
    merged_into: str | None = None
    duplicates: Sequence[str] = ()


class LookAtPeople:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        persons: PersonStore,
        documents: DocumentStore,
        departures: DepartureStore,
        directory: Directory,
        vault: PersonVault,
        duties: PersonDuties,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._persons = persons
        self._documents = documents
        self._departures = departures
        self._directory = directory
        self._vault = vault
        self._duties = duties
        self._clock = clock

    async def find(self, kind: DocumentKind, number: str, issuer: str, basis: str, actor: Principal) -> SeenPerson:
        """Whoever has proved this document.

        Args:
            basis: why, in words, for the audit log and for the person, who sees each look.

        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: `reason-invalid`, or the number is not one of such a document.
            NotFound: `account-not-found`.
        """
        await self._duties.check(actor, "account.find", scopes=(*ANY, LOOKS), account_id=None)
        purpose = Purpose(basis=parse_reason(basis))
        document = parse_document(kind, number, state=issuer, today=calendar_day(self._clock.now()))
        account_id = await self._directory.account_by_document(document)
        if account_id is None:
            await self._database.record(AuditEvent("account.find", "refused", actor, None, purpose))
            raise account_not_found()
        return await self._seen(account_id, purpose, actor)

    async def one(self, account_id: str, basis: str, actor: Principal) -> SeenPerson:
        """
        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: `reason-invalid`.
            NotFound: `account-not-found`.
        """
        await self._duties.check(actor, "account.find", scopes=(*ANY, LOOKS), account_id=None)
        return await self._seen(account_id, Purpose(basis=parse_reason(basis)), actor)

    async def _seen(self, account_id: str, purpose: Purpose, actor: Principal) -> SeenPerson:
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, account_id) if account_id.isprintable() else None
            if account is None:
                raise account_not_found()
            held = await self._documents.of_account(tx, account_id)
            departure = await self._departures.get(tx, account_id)
            duplicates = await self._persons.merged_into(tx, account_id)
        await self._database.record(AuditEvent("identity.read", "done", actor, account_id, purpose))
        person, phone = self._vault.person(account), self._vault.phone(account)
        return SeenPerson(
            id=account.id,
            status=account.status,
            status_reason=account.status_reason,
            level=account.level,
            created_at=account.created_at,
            masked_name=f"{person.name[:1]}**" if person.name else "",
            masked_number="" if person.citizen_id is None else person.citizen_id.masked,
            masked_phone="" if phone is None else f"{phone[:3]} **** {phone[-4:]}",
            documents=[
                SeenDocument(
                    one.id, DocumentKind(one.kind), self._vault.document(one).masked, proved=one.proved_at is not None
                )
                for one in held
            ],
            departure=departure,
            merged_into=account.merged_into,
            duplicates=duplicates,
        )
