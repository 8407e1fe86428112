"""A person's own account as they may see it: who they are, how far that is proved, how they can be reached."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from core.db.database import Database
from core.principal import Principal
from idp.directory import Person, PersonVault, account_not_found, proved
from idp.ports import AccountStore, DocumentStore, ProfileStore
from idp.profile import Details, opened


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """In the clear, for its owner only."""

    person: Person
    phone: str | None = field(repr=False)
    details: Details
    since: dt.datetime
    details_since: dt.datetime | None = None

    @property
    def masked_phone(self) -> str | None:
        """The first three and the last four digits."""
        return None if self.phone is None else f"{self.phone[:3]} **** {self.phone[-4:]}"


class ReadOwnAccount:
    """The use case."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        profiles: ProfileStore,
        documents: DocumentStore,
        vault: PersonVault,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._profiles = profiles
        self._documents = documents
        self._vault = vault

    async def __call__(self, person: Principal) -> OwnAccount:
        """
        Raises:
            NotFound: `account-not-found`.
        """
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, person.id)
            profile = await self._profiles.get(tx, person.id)
            held = await self._documents.of_account(tx, person.id)
        if account is None:
            raise account_not_found()
        return OwnAccount(
            self._vault.person(account, proved(self._vault, held)),
            self._vault.phone(account),
            Details() if profile is None else opened(self._vault, profile),
            account.created_at,
            None if profile is None else profile.updated_at,
        )
