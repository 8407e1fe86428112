"""Whose log-in it is: which account an identity at a provider opens, and when it may become linked to one.

The rules, each a refusal with a page of its own (attacks O-57):

1. A linked identity opens its account, and no other.
2. Only a provider that is trusted for real names may find an account without a link, by ID number and name that it
   checked. Phone, e-mail and user name never find anybody.
3. An account with a staff role, or whose owner unlinked the provider, is linked by its owner only.
4. A provider's word on ID number and name that differs from the account's stops everything.
5. An account has one identity at a provider, an identity one account: unique constraints decide between two who come
   at once.
"""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import WriteTx
from core.principal import Principal, PrincipalKind
from idp.directory import PersonVault
from idp.evidence.book import EvidenceBook
from idp.evidence.model import EvidenceKind, NewEvidence
from idp.identifiers import CITIZEN_ID
from idp.model import Account, AccountStatus
from idp.people import CreateAccount, NewAccount
from idp.ports import AccountStore
from idp.upstream.errors import (
    another_linked,
    linked_elsewhere,
    not_linked,
    out_of_use,
    person_differs,
    unlinked_before,
)
from idp.upstream.mapping import same_name
from idp.upstream.model import Assertion, Link, Provider, UpstreamPerson
from idp.upstream.ports import LinkStore


class Overtaken(Exception):  # a signal to begin the unit of work again, not a failure
    """Another log-in of the same person committed first."""


class SettleAccount:
    """Works inside the caller's transaction."""

    def __init__(
        self,
        accounts: AccountStore,
        links: LinkStore,
        create: CreateAccount,
        book: EvidenceBook,
        vault: PersonVault,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._links = links
        self._create = create
        self._book = book
        self._vault = vault
        self._clock = clock

    async def for_log_in(self, tx: WriteTx, provider: Provider, assertion: Assertion) -> Account:
        """The account that the assertion opens; found, linked or made where that is allowed.

        Raises:
            UpstreamRefused: it opens none.
            Overtaken: begin again.
        """
        link = await self._links.by_subject(tx, provider_id=provider.id, subject=assertion.subject)
        if link is not None:
            return await self._of_link(tx, provider, assertion, link)
        if assertion.person is None:
            raise not_linked(provider.name)
        account = await self._by_number(tx, assertion.person)
        if account is None:
            account = await self._made(tx, provider, assertion.person)
        else:
            await self._check_findable(tx, provider, assertion, account)
        await self._link(tx, provider, assertion, account, "by-id-number")
        return account

    async def for_owner(self, tx: WriteTx, provider: Provider, assertion: Assertion, account: Account) -> bool:
        """Link the identity to the account of its owner, who is logged in; False when it was linked already.

        Raises:
            UpstreamRefused: it cannot be linked.
            Overtaken: begin again.
        """
        self._check_usable(provider, assertion, account)
        link = await self._links.by_subject(tx, provider_id=provider.id, subject=assertion.subject)
        if link is not None:
            if link.account_id != account.id:
                raise linked_elsewhere(provider.name)
            return False
        if await self._linked_there(tx, provider, account):
            raise another_linked(provider.name)
        await self._links.unbar(tx, provider_id=provider.id, account_id=account.id)
        await self._link(tx, provider, assertion, account, "by-owner")
        return True

    async def _of_link(self, tx: WriteTx, provider: Provider, assertion: Assertion, link: Link) -> Account:
        account = await self._accounts.get(tx, link.account_id)
        assert account is not None, "accounts are closed, not deleted"
        self._check_usable(provider, assertion, account)
        await self._links.used(tx, link, self._clock.now())
        await self._raise_level(tx, provider, assertion.person, account)
        return account

    async def _check_findable(self, tx: WriteTx, provider: Provider, assertion: Assertion, account: Account) -> None:
        self._check_usable(provider, assertion, account)
        if await self._links.is_barred(tx, provider_id=provider.id, account_id=account.id):
            raise unlinked_before(provider.name)
        if await self._linked_there(tx, provider, account):
            raise another_linked(provider.name)
        if await self._accounts.roles(tx, account.id):  # whoever acts for an office links by their own hand
            raise not_linked(provider.name)
        await self._raise_level(tx, provider, assertion.person, account)

    def _check_usable(self, provider: Provider, assertion: Assertion, account: Account) -> None:
        if account.status is not AccountStatus.ACTIVE:
            raise out_of_use()
        person = assertion.person
        if person is None:
            return
        known = self._vault.person(account)
        if known.citizen_id != person.citizen_id or not same_name(known.name, person.name):
            raise person_differs(provider.name)

    async def _by_number(self, tx: WriteTx, person: UpstreamPerson) -> Account | None:
        indexes = self._vault.indexes(CITIZEN_ID, person.citizen_id.number)
        return await self._accounts.by_identifier(tx, indexes)

    async def _made(self, tx: WriteTx, provider: Provider, person: UpstreamPerson) -> Account:
        new = NewAccount(person.citizen_id.number, person.name, None, level=person.level)
        account = await self._create.without_password(tx, new, _actor(provider))
        if account is None:
            raise Overtaken
        return account

    async def _linked_there(self, tx: WriteTx, provider: Provider, account: Account) -> bool:
        return any(link.provider_id == provider.id for link in await self._links.of_account(tx, account.id))

    async def _link(self, tx: WriteTx, provider: Provider, assertion: Assertion, account: Account, how: str) -> None:
        now = self._clock.now()
        if not await self._links.add(tx, Link(provider.id, assertion.subject, account.id, now, now)):
            raise Overtaken
        actor = _actor(provider) if how == "by-id-number" else Principal(PrincipalKind.PERSON, account.id)
        detail = {"provider": provider.id, "how": how}
        tx.audit(AuditEvent("identity.link", "done", actor, account.id, detail=detail))

    async def _raise_level(
        self, tx: WriteTx, provider: Provider, person: UpstreamPerson | None, account: Account
    ) -> None:
        """Who was proved better elsewhere is proved better here; nobody falls back."""
        if person is not None and person.level > account.level:
            actor = _actor(provider)
            vouched = NewEvidence(EvidenceKind.VOUCHED, actor.id, by=actor.id, level=person.level)
            await self._book.add(tx, account.id, vouched, actor)


def _actor(provider: Provider) -> Principal:
    """The provider itself, for what nobody here decided."""
    return Principal(PrincipalKind.CLIENT, f"upstream:{provider.id}")
