"""Who is who: people by ID number, account or pairwise subject, and organisations by code.

Reading a person here opens personal data; the use case that asks writes the audit event, for it knows the purpose.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import NotFound
from core.identifiers.citizen_id import CitizenId, parse_citizen_id
from core.identifiers.documents import Document, DocumentKind
from core.text import Text
from idp.identifiers import CITIZEN_ID
from idp.model import Account, AccountStatus, Client, ClientStatus, HeldDocument, Organisation
from idp.ports import AccountStore, ClientStore, DocumentStore, OrganisationStore
from idp.rights import Rights, rights_of
from keys.ports import BlindIndex, FieldCipher


@dataclass(frozen=True, slots=True)
class Person:
    """A person in the clear.

    Attributes:
        citizen_id: None for people who are known by other documents.
        documents: further documents that were proved.
    """

    account_id: str
    name: str = field(repr=False)
    citizen_id: CitizenId | None = field(repr=False)
    level: int = 1
    documents: Sequence[Document] = ()

    @property
    def document(self) -> Document | None:
        """What the person is best known by; None while nothing was proved."""
        if self.citizen_id is not None:
            return Document(DocumentKind.CITIZEN_ID, self.citizen_id.number)
        return self.documents[0] if self.documents else None

    @property
    def masked_number(self) -> str:
        """As shown; empty while nothing was proved."""
        return "" if self.document is None else self.document.masked


class PersonVault:
    """Seals and opens the personal fields of an account; each value is bound to its column and row."""

    def __init__(self, fields: FieldCipher, index: BlindIndex, clock: Clock) -> None:
        self._fields = fields
        self._index = index
        self._clock = clock

    def seal(self, account_id: str, column: str, value: str) -> bytes:
        return self._fields.encrypt(value, context=account_context(account_id, column))

    def open(self, account_id: str, column: str, sealed: bytes) -> str:
        return self._fields.decrypt(sealed, context=account_context(account_id, column))

    def name(self, account: Account) -> str:
        return self.open(account.id, "name", account.name)

    def phone(self, account: Account) -> str | None:
        return None if account.phone is None else self.open(account.id, "phone", account.phone)

    def person(self, account: Account, documents: Sequence[Document] = ()) -> Person:
        """
        Args:
            documents: further ones, where they matter and were read.
        """
        number = None if account.number is None else self.open(account.id, "number", account.number)
        citizen_id = None if number is None else parse_citizen_id(number, today=calendar_day(self._clock.now()))
        return Person(account.id, self.name(account), citizen_id, account.level, documents)

    def seal_document(self, document_id: str, document: Document) -> bytes:
        return self._fields.encrypt(f"{document.state}:{document.number}", context=document_context(document_id))

    def document(self, held: HeldDocument) -> Document:
        state, _, number = self._fields.decrypt(held.number, context=document_context(held.id)).partition(":")
        return Document(DocumentKind(held.kind), number, state)

    def seal_proposal(self, proposal_id: str, content: str) -> bytes:
        return self._fields.encrypt(content, context=proposal_context(proposal_id))

    def open_proposal(self, proposal_id: str, sealed: bytes) -> str:
        return self._fields.decrypt(sealed, context=proposal_context(proposal_id))

    def document_indexes(self, document: Document) -> tuple[bytes, ...]:
        return self.indexes(document.kind.value, document.key)

    def indexes(self, kind: str, value: str) -> tuple[bytes, ...]:
        """The blind indexes of an identifier under every accepted key, the active one first."""
        return self._index.digests(kind, value)


class Directory:
    """Look-ups for the other domains' bridges and for pages."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        organisations: OrganisationStore,
        clients: ClientStore,
        documents: DocumentStore,
        vault: PersonVault,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._organisations = organisations
        self._clients = clients
        self._documents = documents
        self._vault = vault

    async def person(self, account_id: str) -> Person:
        """
        Raises:
            NotFound: `account-not-found`.
        """
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, account_id)
            if account is None:
                raise account_not_found()
            # whoever has a citizen ID number is known by it; only for the others is a second look worth its time
            held = [] if account.number is not None else await self._documents.of_account(tx, account_id)
        return self._vault.person(account, proved(self._vault, held))

    async def colleagues(self, organisation: str, account_ids: Iterable[str]) -> Mapping[str, str]:
        """Names of those who have a role in this organisation, by account: who acts for an office does so by name
        before its own people. Others are left out, also those who have left it.
        """
        names = {}
        async with self._database.read() as tx:
            for account_id in dict.fromkeys(account_ids):
                roles = await self._accounts.roles(tx, account_id)
                if any(one.organisation == organisation for one in roles):
                    account = await self._accounts.get(tx, account_id)
                    if account is not None:
                        names[account_id] = self._vault.name(account)
        return names

    async def all_documents(self, account_id: str) -> tuple[Person, Sequence[Document]]:
        """A person with everything that is proved to be theirs, what they are best known by first.

        That is their citizen ID number, further documents, and the numbers of accounts that were merged into theirs;
        not a number that was put right: it was never theirs.

        Raises:
            NotFound: `account-not-found`.
        """
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, account_id)
            if account is None:
                raise account_not_found()
            held = await self._documents.of_account(tx, account_id)
            merged = await self._accounts.merged(tx, account_id)
        person = self._vault.person(account, proved(self._vault, held))
        earlier = [known.document for known in map(self._vault.person, merged) if known.citizen_id is not None]
        every = [one for one in (person.document, *person.documents, *earlier) if one is not None]
        return person, tuple(dict.fromkeys(every))

    async def account_by_citizen_id(self, number: CitizenId) -> str | None:
        """The account id of whoever has this ID number."""
        indexes = self._vault.indexes(CITIZEN_ID, number.number)
        async with self._database.read() as tx:
            account = await self._accounts.by_identifier(tx, indexes)
        return None if account is None else account.id

    async def account_by_document(self, document: Document) -> str | None:
        """The account id of whoever has proved this document."""
        if document.citizen_id is not None:
            return await self.account_by_citizen_id(document.citizen_id)
        async with self._database.read() as tx:
            return await self._documents.owner(tx, self._vault.document_indexes(document))

    async def account_by_subject(self, client_id: str, subject: str) -> str | None:
        """The account behind the `sub` that a portal knows; portals of one sector know the same one."""
        async with self._database.read() as tx:
            client = await self._clients.get(tx, client_id)
            if client is None:
                return None
            return await self._clients.account_of(tx, subject=subject, sector=client.subject_sector)

    async def in_use(self, account_id: str) -> bool:
        """Whether there is such an account, neither frozen nor closed."""
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, account_id)
        return account is not None and account.status is AccountStatus.ACTIVE

    async def rights(self, account_id: str, day: dt.date) -> Rights | None:
        """What somebody's roles allow on `day`; None without any, and for an account that is not in use."""
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, account_id)
            if account is None or account.status is not AccountStatus.ACTIVE:
                return None
            return rights_of(await self._accounts.roles(tx, account_id), day)

    async def client(self, client_id: str) -> Client | None:
        """A registered system that may call us today."""
        async with self._database.read() as tx:
            client = await self._clients.get(tx, client_id)
        return client if client is not None and client.status is ClientStatus.ACTIVE else None

    async def organisation(self, uscc: str) -> Organisation | None:
        async with self._database.quick_read() as tx:
            return await self._organisations.get(tx, uscc)


def proved(vault: PersonVault, held: Sequence[HeldDocument]) -> tuple[Document, ...]:
    """Those among them that were checked, in the clear."""
    return tuple(vault.document(one) for one in held if one.proved_at is not None)


def document_context(document_id: str) -> str:
    """The place that a document's number is bound to."""
    return f"person_document.number:{document_id}"


def proposal_context(proposal_id: str) -> str:
    """The place that the content of a proposed change is bound to."""
    return f"person_proposal.content:{proposal_id}"


def account_context(account_id: str, column: str) -> str:
    """The place that a personal field is bound to."""
    return f"account.{column}:{account_id}"


def organisation_not_found() -> NotFound:
    return NotFound("organisation-not-found", Text("没有登记这个机构。", "There is no such organisation."))


def account_not_found() -> NotFound:
    return NotFound("account-not-found", Text("没有这个账号。", "There is no such account."))
