"""What a person states beyond name, number and phone: sealed as one value, opened only for a purpose."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text
from idp.directory import PersonVault, account_not_found
from idp.model import AccountProfile
from idp.ports import AccountStore, ProfileStore

PROFILE_COLUMN = "profile"
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", re.ASCII)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address in the parts that OpenID Connect Core §5.1.1 names; empty where nothing was stated."""

    street_address: str = field(default="", repr=False)
    locality: str = field(default="", repr=False)
    region: str = field(default="", repr=False)
    postal_code: str = field(default="", repr=False)
    country: str = "CN"

    def claim(self) -> dict[str, str]:
        """The claim `address`; `formatted` as an envelope in China has it: from the large to the small."""
        parts = {
            "street_address": self.street_address,
            "locality": self.locality,
            "region": self.region,
            "postal_code": self.postal_code,
            "country": self.country,
        }
        formatted = "".join((self.region, self.locality, self.street_address))
        return {name: value for name, value in {"formatted": formatted, **parts}.items() if value}


@dataclass(frozen=True, slots=True)
class Details:
    """What was stated; None for what was not.

    Attributes:
        email_verified: somebody who reads the mailbox has said so.
    """

    email: str | None = field(default=None, repr=False)
    email_verified: bool = False
    address: PostalAddress | None = field(default=None, repr=False)


class StateDetails:
    """The use case: replaces what was stated before."""

    def __init__(
        self, database: Database, accounts: AccountStore, profiles: ProfileStore, vault: PersonVault, clock: Clock
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._profiles = profiles
        self._vault = vault
        self._clock = clock

    async def __call__(self, account_id: str, details: Details, actor: Principal) -> None:
        """
        Raises:
            InvalidInput: `email-invalid`, `address-invalid`.
            NotFound: `account-not-found`.
        """
        _check(details)
        content = self._vault.seal(account_id, PROFILE_COLUMN, msgspec.json.encode(details).decode())
        async with self._database.write() as tx:
            if await self._accounts.get(tx, account_id) is None:
                raise account_not_found()
            await self._profiles.put(tx, AccountProfile(account_id, content, self._clock.now()))
            stated = [name for name in ("email", "address") if getattr(details, name) is not None]
            detail = {"stated": " ".join(stated)}
            tx.audit(AuditEvent("account.state-details", "done", actor, account_id, detail=detail))
            await tx.commit()


def opened(vault: PersonVault, profile: AccountProfile) -> Details:
    """In the clear; whoever asks writes the audit event."""
    text = vault.open(profile.account_id, PROFILE_COLUMN, profile.content)
    return msgspec.json.decode(text.encode(), type=Details)


def _check(details: Details) -> None:
    if details.email is not None and (len(details.email) > _LONGEST or not _EMAIL.fullmatch(details.email)):
        raise InvalidInput(
            "email-invalid",
            Text("邮箱地址写得不对，请检查一下。", "This e-mail address is not right. Check it."),
            field="email",
        )
    parts = [] if details.address is None else list(details.address.claim().values())[1:]
    if not all(len(part) <= _LONGEST and part.isprintable() for part in parts):
        raise InvalidInput(
            "address-invalid",
            Text("地址的一项太长，或含有不可见字符。", "A part of the address is too long or not printable."),
            field="address",
        )
