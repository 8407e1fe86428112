"""Further documents of a person: stated by themselves, proved by an office that saw them or a source that knows them.

Until a document is proved it finds nobody and stands in nobody's way. The first who proves it has it.
"""

from __future__ import annotations

from typing import Final

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import Conflict, NotFound
from core.identifiers.documents import DocumentKind, parse_document
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from idp.directory import PersonVault
from idp.model import Account, AccountStatus, HeldDocument
from idp.persons.duties import ANY, PersonDuties
from idp.persons.errors import number_taken, wrong_status
from idp.persons.freezing import held
from idp.persons.ports import PersonStore
from idp.ports import AccountStore, DocumentStore

MOST: Final = 10


class FurtherDocuments:
    """The use cases of an office; the person's own are in registration."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        persons: PersonStore,
        documents: DocumentStore,
        vault: PersonVault,
        duties: PersonDuties,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._persons = persons
        self._documents = documents
        self._vault = vault
        self._duties = duties
        self._clock = clock

    async def add(self, account_id: str, kind: DocumentKind, number: str, issuer: str, actor: Principal) -> str:
        """A document that an office has seen; it is a key of the person from now on.

        Returns:
            Its id.

        Raises:
            NotPermitted: `duty-missing`, `own-account`.
            InvalidInput: the number is not one of such a document.
            NotFound: `account-not-found`.
            Conflict: `number-taken`, `account-status`, `too-many-documents`; `number-by-two` for an ID number of an
                account that has one.
        """
        await self._duties.check(actor, "account.add-document", scopes=ANY, account_id=account_id)
        document = parse_document(kind, number, state=issuer, today=calendar_day(self._clock.now()))
        document_id, now = new_id(self._clock, "doc"), self._clock.now()
        indexes = self._vault.document_indexes(document)
        async with self._database.write() as tx:
            account = await held(tx, self._persons, account_id)
            if account.status is AccountStatus.CLOSED:
                raise wrong_status(account.status.value)
            if len(await self._documents.of_account(tx, account_id)) >= MOST:
                raise _too_many()
            if document.citizen_id is not None:
                self._check_numberless(account)
                sealed = self._vault.seal(account_id, "number", document.number)
                added = await self._persons.change_number(tx, account_id, sealed, indexes)
                document_id = account_id
            else:
                sealed = self._vault.seal_document(document_id, document)
                row = HeldDocument(document_id, account_id, document.kind.value, sealed, now, now)
                added = await self._documents.add(tx, row, indexes)
            if not added:
                raise number_taken()
            detail = {"document": document_id, "kind": document.kind.value}
            tx.audit(AuditEvent("account.add-document", "done", actor, account_id, detail=detail))
            await tx.commit()
        return document_id

    async def remove(self, account_id: str, document_id: str, actor: Principal) -> None:
        """
        Raises:
            NotPermitted: `duty-missing`, `own-account`.
            NotFound: `document-not-found`.
        """
        await self._duties.check(actor, "account.remove-document", scopes=ANY, account_id=account_id)
        async with self._database.write() as tx:
            known = account_id.isprintable() and document_id.isprintable()
            if not known or not await self._documents.remove(tx, document_id, account_id=account_id):
                raise NotFound("document-not-found", Text("没有登记这个证件。", "There is no such document."))
            detail = {"document": document_id}
            tx.audit(AuditEvent("account.remove-document", "done", actor, account_id, detail=detail))
            await tx.commit()

    def _check_numberless(self, account: Account) -> None:
        if account.number is not None:
            raise Conflict(
                "number-by-two",
                Text(
                    "这个账号已有身份证号。要改号，请提出申请，由另一个人决定。",
                    "The account has an ID number. To change it, propose the change for somebody else to decide.",
                ),
            )


def _too_many() -> Conflict:
    return Conflict(
        "too-many-documents",
        Text("一个账号最多登记 10 个证件。", "An account holds at most ten documents."),
    )
