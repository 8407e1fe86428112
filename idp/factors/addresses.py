"""Where a person can be reached: the phone of the account, the mailbox that somebody has confirmed."""

from __future__ import annotations

from core.db.database import Database
from idp.directory import PersonVault
from idp.messages.ports import Address, AddressKind, MessageSender
from idp.model import Account
from idp.ports import ProfileStore
from idp.profile import opened

_NOBODY = "acc_nobody"


class Addresses:
    """Opens addresses for sending."""

    def __init__(self, database: Database, profiles: ProfileStore, vault: PersonVault, sender: MessageSender) -> None:
        self._database = database
        self._profiles = profiles
        self._vault = vault
        self._sender = sender
        self._sealed: bytes | None = None  # made when it is needed first: keys may come after us

    async def of(self, account: Account | None, kind: AddressKind) -> Address | None:
        """None when there is none, or nothing can be sent to this kind; the same work for nobody (attacks F-07)."""
        if kind not in self._sender.reaches:
            return None
        if account is None:
            self._sealed = self._sealed or self._vault.seal(_NOBODY, "phone", "10000000000")
            self._vault.open(_NOBODY, "phone", self._sealed)
            if kind is AddressKind.EMAIL:
                async with self._database.read() as tx:
                    await self._profiles.get(tx, _NOBODY)
            return None
        if kind is AddressKind.SMS:
            phone = self._vault.phone(account)
            return None if phone is None else Address(kind, phone)
        async with self._database.read() as tx:
            profile = await self._profiles.get(tx, account.id)
        details = None if profile is None else opened(self._vault, profile)
        if details is None or details.email is None or not details.email_verified:
            return None
        return Address(kind, details.email)


def masked(address: Address) -> str:
    """As it may be shown to somebody who has proved one factor only."""
    if address.kind is AddressKind.SMS:
        return f"{address.value[:3]}****{address.value[-4:]}"
    name, _, host = address.value.partition("@")
    return f"{name[:1]}***@{host}"
