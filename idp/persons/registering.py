"""Registration by the person: what they say is read, their phone is reached, a source is asked, the account opens.

Nobody learns here whether somebody has an account (attacks O-52): a code goes to the phone that was typed in any case,
and after it came back the answer is the same for a new account and for a person, or a phone, that has one already. Who
has one gets a message on the phone of that account. That name and number do not belong together is said, for it is no
secret of ours and people mistype; how often a register may be asked is bounded by the one budget of tries.

A document becomes a key of the account only when a source agreed. What no source knows is kept as the person's word, at
level 0, so that nobody can occupy somebody else's document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, WriteTx
from core.errors import InvalidInput, NotFound
from core.identifiers.documents import Document, DocumentKind, parse_document
from core.ids import new_id, new_secret
from core.kv.port import KeyValueStore
from core.principal import ANONYMOUS, Principal, PrincipalKind
from core.text import Language, Text
from idp.abuse.attempt import Attempt, Way
from idp.abuse.budget import Budget
from idp.directory import PersonVault
from idp.factors.codes import OneTimeCodes, Post
from idp.identifiers import CITIZEN_ID, PHONE, parse_phone
from idp.login.circumstances import Circumstances
from idp.messages.ports import Address, AddressKind, Message, MessageSender
from idp.messages.templates import CODE_TO_CONFIRM, HAS_ACCOUNT
from idp.model import Account, AccountStatus, HeldDocument
from idp.passwords.rules import About, PasswordRules
from idp.persons.errors import differs, source_away
from idp.persons.ports import EvidenceOfPersons, Finding, IdentitySource, SourceUnavailable, Verdict
from idp.persons.words import parse_name
from idp.ports import AccountStore, DocumentStore
from idp.real_name import REGISTERED
from idp.source import source_of
from keys.ports import FieldCipher, PasswordHasher

LIFETIME: Final = 900


class RegistrationGone(NotFound):
    """No registration is under way, or it took too long."""

    def __init__(self) -> None:
        super().__init__(
            "registration-gone",
            Text(
                "这次注册已经办完或过期了。请从头再来一次。",
                "This registration is finished or has expired. Start again from the beginning.",
            ),
        )


@dataclass(frozen=True, slots=True)
class Stated:
    """What somebody says of themselves, as typed."""

    kind: DocumentKind
    number: str = field(repr=False)
    name: str = field(repr=False)
    phone: str = field(repr=False)
    password: str = field(repr=False)
    issuer: str = ""
    agreed: bool = False


class Stage(StrEnum):
    """What comes next."""

    CODE = "code"
    SOURCE = "source"  # the phone is proved, the source gave no answer yet


@dataclass(frozen=True, slots=True)
class Waiting:
    """A registration that waits for its code."""

    stage: Stage
    masked_phone: str


class _Kept(msgspec.Struct, frozen=True):
    stage: Stage
    kind: DocumentKind
    number: str
    issuer: str
    name: str
    phone: str
    password_hash: str
    language: Language

    @property
    def document(self) -> Document:
        return Document(self.kind, self.number, self.issuer)


class Register:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        documents: DocumentStore,
        vault: PersonVault,
        source: IdentitySource,
        evidence: EvidenceOfPersons,
        budget: Budget,
        codes: OneTimeCodes,
        sender: MessageSender,
        rules: PasswordRules,
        passwords: PasswordHasher,
        kv: KeyValueStore,
        cipher: FieldCipher,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._documents = documents
        self._vault = vault
        self._source = source
        self._evidence = evidence
        self._budget = budget
        self._codes = codes
        self._sender = sender
        self._rules = rules
        self._passwords = passwords
        self._kv = kv
        self._cipher = cipher
        self._clock = clock

    async def begin(self, stated: Stated, here: Circumstances, language: Language) -> str:
        """Read what was stated, and send a code to the phone.

        Returns:
            The name of the registration, for its next page; it opens nothing but that.

        Raises:
            InvalidInput: with the field that is wrong; `terms` where the person did not agree.
            PuzzleNeeded: the browser must compute first.
            LimitExceeded: `too-many-tries`, `code-too-soon`, `too-many-codes`, `busy`.
        """
        document = parse_document(
            stated.kind, stated.number, state=stated.issuer, today=calendar_day(self._clock.now())
        )
        name, phone = parse_name(stated.name), parse_phone(stated.phone)
        if not stated.agreed:
            raise _not_agreed()
        accepted = await self._rules.accept(stated.password, About(name, document.number, phone))
        subject = self._vault.document_indexes(document)[0]
        await self._budget.admit(Attempt(Way.REGISTRATION, subject, here.source, here.answer))
        kept = _Kept(
            Stage.CODE,
            document.kind,
            document.number,
            document.state,
            name,
            phone,
            await self._passwords.hash(accepted, source=source_of(here.source)),
            language,
        )
        registration = new_secret()
        post = Post(
            self._vault.indexes(PHONE, phone)[0],
            Address(AddressKind.SMS, phone),
            here.source,
            language,
            CODE_TO_CONFIRM,
        )
        await self._codes.issue(_slot(registration), post)
        await self._kv.put(_key(registration), self._sealed(registration, kept), LIFETIME)
        return registration

    async def waiting(self, registration: str) -> Waiting:
        """
        Raises:
            RegistrationGone.
        """
        _, kept = await self._find(registration)
        return Waiting(kept.stage, f"{kept.phone[:3]} **** {kept.phone[-4:]}")

    async def confirm(self, registration: str, code: str) -> None:
        """The code came back: ask the source, and open the account; the answer tells nothing of other accounts.

        Raises:
            RegistrationGone: there is none, or another request has finished it.
            InvalidInput: `code-wrong`, `code-gone` on field `code`; `person-differs` on field `name`, and it is over.
            Unavailable: `source-away`; the same again later needs no code.
        """
        raw, kept = await self._find(registration)
        if kept.stage is Stage.CODE:
            await self._codes.check(_slot(registration), code)
            kept = msgspec.structs.replace(kept, stage=Stage.SOURCE)
            proved = self._sealed(registration, kept)
            if not await self._kv.compare_and_swap(_key(registration), raw, proved, LIFETIME):
                raise RegistrationGone
        found = await self._asked(kept)
        if await self._kv.take(_key(registration)) is None:
            raise RegistrationGone  # another request was first
        if found.verdict in (Verdict.DIFFERS, Verdict.DEAD):
            await self._refused(None, found.verdict.value)
            raise differs()
        async with self._codes.evenly():  # to open one takes longer than to find one (attacks F-07)
            await self._open(kept, found)

    async def _asked(self, kept: _Kept) -> Finding:
        try:
            return await self._source.check(kept.document, kept.name)
        except SourceUnavailable:
            raise source_away() from None

    async def _open(self, kept: _Kept, found: Finding) -> None:
        async with self._database.write() as tx:
            account_id = await self._added(tx, kept, found)
            if account_id is not None:
                await tx.commit()
        if account_id is None:
            await self._tell_owner(kept)

    async def _added(self, tx: WriteTx, kept: _Kept, found: Finding) -> str | None:
        """The id of the new account; None when the document or the phone is somebody's."""
        known = found.verdict is Verdict.AGREES
        account, vault = self._account(kept, known=known), self._vault
        indexes = {PHONE: vault.indexes(PHONE, kept.phone)}
        if account.number is not None:
            indexes[CITIZEN_ID] = vault.indexes(CITIZEN_ID, kept.number)
        if not await self._accounts.add(tx, account, indexes):
            return None
        actor = Principal(PrincipalKind.PERSON, account.id)
        tx.audit(AuditEvent("account.register", "done", actor, account.id, detail={"document": kept.kind.value}))
        if account.number is None and not await self._hold_document(tx, account.id, kept, known=known):
            return None
        if known:
            await self._evidence.checked(tx, account.id, found.reference, actor)
        await self._evidence.reached(tx, account.id, actor)
        return account.id

    async def _hold_document(self, tx: WriteTx, account_id: str, kept: _Kept, *, known: bool) -> bool:
        """Beside the citizen ID number, or in its place while no source has agreed."""
        document_id, now = new_id(self._clock, "doc"), self._clock.now()
        sealed = self._vault.seal_document(document_id, kept.document)
        held = HeldDocument(document_id, account_id, kept.kind.value, sealed, now, now if known else None)
        return await self._documents.add(tx, held, self._vault.document_indexes(kept.document) if known else ())

    def _account(self, kept: _Kept, *, known: bool) -> Account:
        account_id, vault = new_id(self._clock, "acc"), self._vault
        checked = known and kept.kind is DocumentKind.CITIZEN_ID
        return Account(
            id=account_id,
            number=vault.seal(account_id, "number", kept.number) if checked else None,
            name=vault.seal(account_id, "name", kept.name),
            phone=vault.seal(account_id, "phone", kept.phone),
            password_hash=kept.password_hash,
            level=REGISTERED,
            status=AccountStatus.ACTIVE,
            created_at=self._clock.now(),
        )

    async def _tell_owner(self, kept: _Kept) -> None:
        """Whoever has the document, or else the phone, hears of it there; what was typed in gets nothing."""
        async with self._database.read() as tx:
            owner = await self._accounts.by_identifier(tx, self._vault.indexes(CITIZEN_ID, kept.number))
            if owner is None:
                found = await self._documents.owner(tx, self._vault.document_indexes(kept.document))
                owner = None if found is None else await self._accounts.get(tx, found)
            if owner is None:
                owner = await self._accounts.by_identifier(tx, self._vault.indexes(PHONE, kept.phone))
        phone = None if owner is None else self._vault.phone(owner)
        await self._refused(None if owner is None else owner.id, "has-account")
        if phone is not None:
            await self._sender.send(Message(Address(AddressKind.SMS, phone), HAS_ACCOUNT, kept.language))

    async def _refused(self, account_id: str | None, reason: str) -> None:
        event = AuditEvent("account.register", "refused", ANONYMOUS, account_id, detail={"reason": reason})
        await self._database.record(event)

    async def _find(self, registration: str) -> tuple[bytes, _Kept]:
        raw = await self._kv.get(_key(registration)) if registration.isprintable() else None
        if raw is None:
            raise RegistrationGone
        opened = self._cipher.decrypt(raw, context=_slot(registration))
        return raw, msgspec.json.decode(opened, type=_Kept)

    def _sealed(self, registration: str, kept: _Kept) -> bytes:
        return self._cipher.encrypt(msgspec.json.encode(kept).decode(), context=_slot(registration))


def _slot(registration: str) -> str:
    return f"register:{registration[:64]}"


def _key(registration: str) -> str:
    return f"idp:{_slot(registration)}"


def _not_agreed() -> InvalidInput:
    return InvalidInput(
        "terms",
        Text(
            "请先勾选同意，我们才能核对和开户。", "Tick that you agree first; without it nothing is checked or opened."
        ),
        field="agreed",
    )
