"""A person shows that the phone number of their account is in their hands: a code that was sent to it comes back."""

from __future__ import annotations

from core.db.database import Database
from core.errors import Conflict
from core.principal import Principal, PrincipalKind
from core.text import Language, Text
from idp.evidence.book import EvidenceBook
from idp.evidence.model import EvidenceKind, NewEvidence
from idp.factors.addresses import Addresses, masked
from idp.factors.codes import OneTimeCodes, Post
from idp.login.sessions import Visit
from idp.messages.ports import Address, AddressKind
from idp.messages.templates import CODE_TO_CONFIRM

SOURCE = "code-to-phone"


class ProvePhone:
    """The use case, in two steps."""

    def __init__(
        self,
        database: Database,
        codes: OneTimeCodes,
        addresses: Addresses,
        book: EvidenceBook,
    ) -> None:
        self._database = database
        self._codes = codes
        self._addresses = addresses
        self._book = book

    async def destination(self, visit: Visit) -> str | None:
        """Where the code goes, masked; None without a phone, or where nothing can be sent."""
        address = await self._addresses.of(visit.account, AddressKind.SMS)
        return None if address is None else masked(address)

    async def send(self, visit: Visit, source: str, language: Language) -> None:
        """
        Args:
            source: network address of the browser.

        Raises:
            Conflict: `no-phone`.
            LimitExceeded: `code-too-soon`, `too-many-codes`.
        """
        address = await self._phone(visit)
        post = Post(address.value.encode(), address, source, language, CODE_TO_CONFIRM)
        await self._codes.issue(_slot(visit, address), post)

    async def check(self, visit: Visit, typed: str) -> int:
        """The level that follows from the right code.

        Raises:
            Conflict: `no-phone`.
            InvalidInput: `code-wrong`, `code-gone` on field `code`.
        """
        address = await self._phone(visit)
        await self._codes.check(_slot(visit, address), typed)
        actor = Principal(PrincipalKind.PERSON, visit.account.id, session=visit.session.id)
        async with self._database.write() as tx:
            new = NewEvidence(EvidenceKind.PHONE, SOURCE, by=visit.account.id)
            level = await self._book.add(tx, visit.account.id, new, actor)
            await tx.commit()
        return level

    async def _phone(self, visit: Visit) -> Address:
        address = await self._addresses.of(visit.account, AddressKind.SMS)
        if address is None:
            raise Conflict(
                "no-phone",
                Text(
                    "您的账号没有登记手机号。请先在个人资料里登记。",
                    "Your account has no mobile number. Add one first.",
                ),
            )
        return address


def _slot(visit: Visit, address: Address) -> str:
    """Good for this log-in, this account and this very number: a code for the number before proves nothing."""
    return f"prove-phone|{visit.session.cookie_digest}|{visit.account.id}|{address.value}"
