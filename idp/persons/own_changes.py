"""A person changes their own name or phone, each with fresh proof: the register agrees, or a code comes back.

An ID number is never changed like this: see `idp.persons.proposing`.
"""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import NotPermitted
from core.identifiers.documents import Document, DocumentKind
from core.kv.port import KeyValueStore
from core.text import Language, Text
from idp.directory import PersonVault
from idp.factors.codes import OneTimeCodes, Post, code_gone
from idp.factors.strong import StrongVisits, actor_of
from idp.identifiers import PHONE, parse_phone
from idp.logout.deliver import DeliverLogouts
from idp.messages.ports import Address, AddressKind, Message, MessageSender
from idp.messages.templates import CODE_TO_CONFIRM, PHONE_CHANGED
from idp.model import NoticeKind
from idp.persons.ending import EndEverything
from idp.persons.errors import differs, phone_taken, source_away
from idp.persons.freezing import held
from idp.persons.ports import EvidenceOfPersons, IdentitySource, PersonStore, SourceUnavailable, Verdict
from idp.persons.words import parse_name
from idp.settings import IdpSettings
from idp.telling import TellPerson
from keys.ports import FieldCipher


class ChangeOwnName:
    """The use case: the register knows the new name already."""

    def __init__(
        self,
        database: Database,
        persons: PersonStore,
        visits: StrongVisits,
        source: IdentitySource,
        evidence: EvidenceOfPersons,
        vault: PersonVault,
        tell: TellPerson,
    ) -> None:
        self._database = database
        self._persons = persons
        self._visits = visits
        self._source = source
        self._evidence = evidence
        self._vault = vault
        self._tell = tell

    async def __call__(self, session_cookie: str | None, typed: str, *, network: str | None = None) -> None:
        """
        Args:
            network: the address that the request came from.

        Raises:
            NotAuthenticated: `not-logged-in`, or the log-in is too long ago or too weak.
            InvalidInput: `name-invalid`, `person-differs`, on field `name`.
            NotPermitted: `name-at-window`: no register knows this person.
            Unavailable: `source-away`.
        """
        visit = await self._visits.require(session_cookie)
        name, account = parse_name(typed), visit.account
        number = self._vault.person(account).citizen_id
        if number is None:
            raise _at_window()
        try:
            found = await self._source.check(Document(DocumentKind.CITIZEN_ID, number.number), name)
        except SourceUnavailable:
            raise source_away() from None
        if found.verdict is Verdict.UNKNOWN:
            raise _at_window()
        if found.verdict is not Verdict.AGREES:
            raise differs()
        actor = actor_of(visit)
        async with self._database.write() as tx:
            await held(tx, self._persons, account.id)
            await self._persons.change_name(tx, account.id, self._vault.seal(account.id, "name", name))
            await self._evidence.checked(tx, account.id, found.reference, actor)
            told = await self._tell.write(tx, account.id, NoticeKind.NAME_CHANGED, source=network)
            tx.audit(AuditEvent("account.change-name", "done", actor, account.id))
            await tx.commit()
        self._tell.send(told)


class ChangeOwnPhone:
    """The use cases: a code goes to the new phone, and the phone changes when it comes back."""

    def __init__(
        self,
        database: Database,
        persons: PersonStore,
        visits: StrongVisits,
        codes: OneTimeCodes,
        evidence: EvidenceOfPersons,
        vault: PersonVault,
        tell: TellPerson,
        end: EndEverything,
        deliver: DeliverLogouts,
        sender: MessageSender,
        kv: KeyValueStore,
        cipher: FieldCipher,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._persons = persons
        self._visits = visits
        self._codes = codes
        self._evidence = evidence
        self._vault = vault
        self._tell = tell
        self._end = end
        self._deliver = deliver
        self._sender = sender
        self._kv = kv
        self._cipher = cipher
        self._clock = clock
        self._settings = settings

    async def begin(self, session_cookie: str | None, typed: str, *, network: str, language: Language) -> None:
        """Send a code there; whether the number is somebody's is not told before it has come back.

        Raises:
            NotAuthenticated: `not-logged-in`, or the log-in is too long ago or too weak.
            InvalidInput: `phone-invalid`.
            LimitExceeded: `code-too-soon`, `too-many-codes`.
        """
        visit = await self._visits.require(session_cookie)
        phone, slot = parse_phone(typed), _slot(visit.session.id)
        name = self._vault.indexes(PHONE, phone)[0]
        post = Post(name, Address(AddressKind.SMS, phone), network, language, CODE_TO_CONFIRM)
        await self._codes.issue(slot, post)
        sealed = self._cipher.encrypt(phone, context=slot)
        await self._kv.put(f"idp:{slot}", sealed, self._settings.code_sent_lifetime)

    async def confirm(self, session_cookie: str | None, code: str, *, network: str) -> None:
        """Every other log-in of the person ends.

        Raises:
            NotAuthenticated: `not-logged-in`, or the log-in is too long ago or too weak.
            InvalidInput: `code-wrong`, `code-gone`, on field `code`.
            Conflict: `phone-taken`.
        """
        visit = await self._visits.require(session_cookie)
        account_id, slot, actor = visit.account.id, _slot(visit.session.id), actor_of(visit)
        sealed = await self._kv.get(f"idp:{slot}")
        if sealed is None:
            raise code_gone()
        await self._codes.check(slot, code)
        phone = self._cipher.decrypt(sealed, context=slot)
        async with self._database.write() as tx:
            await held(tx, self._persons, account_id)
            indexes = self._vault.indexes(PHONE, phone)
            if not await self._persons.change_phone(
                tx, account_id, self._vault.seal(account_id, "phone", phone), indexes
            ):
                raise phone_taken()
            await self._evidence.phone_gone(tx, account_id, actor)
            await self._evidence.reached(tx, account_id, actor)
            deliveries = await self._end(tx, account_id, reason="phone-changed", but=visit.session.id)
            told = await self._tell.write(tx, account_id, NoticeKind.PHONE_CHANGED, source=network)
            tx.audit(AuditEvent("account.change-phone", "done", actor, account_id))
            await tx.commit()
        await self._kv.delete(f"idp:{slot}")
        self._tell.send(told)
        former = self._vault.phone(visit.account)
        if former is not None:  # whoever holds the former phone hears of it there too
            await self._sender.send(Message(Address(AddressKind.SMS, former), PHONE_CHANGED, "zh"))
        await self._deliver.attempt(deliveries)


def _slot(session_id: str) -> str:
    return f"own-phone:{session_id}"


def _at_window() -> NotPermitted:
    return NotPermitted(
        "name-at-window",
        Text(
            "这个证件的姓名要到政务服务大厅当面改，请带上证件。",
            "The name of this document is changed in person. Bring the document to a service hall.",
        ),
    )
