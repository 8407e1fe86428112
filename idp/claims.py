"""Claims about a person: opened only here, and every opening is an audit event (OpenID Connect Core §5.1, §5.4).

What a scope gives depends on the portal too: one that is not approved for real names never gets a name, a birthday or
an ID number through `profile`, only what a greeting and an age group need.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import Principal, PrincipalKind, Purpose
from idp.directory import PersonVault
from idp.evidence.book import EvidenceBook
from idp.model import Account, AccountProfile, Client, TokenFamily
from idp.ports import AccountStore, ProfileStore
from idp.profile import Details, opened
from idp.protocol.scopes import REALNAME, SCOPE_CLAIMS
from idp.protocol.verified_wish import VERIFIED_CLAIMS, VerifiedWish, wishes_in
from idp.real_name import REACHED_BY_PHONE
from idp.verified_claims import answer

LOCALE, ZONE = "zh-CN", "Asia/Shanghai"


class PersonalClaims:
    """Answers the claims behind the scopes `realname`, `profile`, `email`, `phone` and `address`."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        profiles: ProfileStore,
        vault: PersonVault,
        book: EvidenceBook,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._profiles = profiles
        self._vault = vault
        self._book = book
        self._clock = clock

    async def read(
        self, client: Client, family: TokenFamily, asked: Sequence[str], *, scopes: Collection[str], basis: str
    ) -> dict[str, Any]:
        """The claims in `asked` that are ours to give and that there are; the person agreed to `scopes`."""
        real = REALNAME in scopes and client.realname_approved
        given = {claim for scope in scopes if real or scope != REALNAME for claim in SCOPE_CLAIMS.get(scope, ())}
        names = [name for name in asked if name in given]
        wishes = wishes_in(asked) if real else ()
        if not names and not wishes:
            return {}
        account, profile = await self._person(family.account_id)
        actor = Principal(PrincipalKind.CLIENT, client.id, organisation=client.organisation, session=family.session_id)
        detail = {"claims": " ".join((*names, *(f"verified:{name}" for wish in wishes for name in wish.claims)))[:500]}
        event = AuditEvent("identity.read", "done", actor, family.account_id, Purpose(basis=basis), detail)
        await self._database.record(event)
        values = self._values(account, profile, real=real) | {"organisation": family.acting_for}
        found = {name: values[name] for name in names if values[name] is not None}
        if wishes and (verified := await self._verified(account, wishes, values, scopes)) is not None:
            found[VERIFIED_CLAIMS] = verified
        return found

    async def _verified(
        self, account: Account, wishes: Sequence[VerifiedWish], values: Mapping[str, Any], scopes: Collection[str]
    ) -> object:
        async with self._database.read() as tx:
            records = await self._book.of(tx, account.id)
        return answer(wishes, values, records, scopes=scopes, now=self._clock.now())

    async def _person(self, account_id: str) -> tuple[Account, AccountProfile | None]:
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, account_id)
            profile = await self._profiles.get(tx, account_id)
        assert account is not None, "a family has an account"
        return account, profile

    def _values(self, account: Account, profile: AccountProfile | None, *, real: bool) -> dict[str, Any]:
        person = self._vault.person(account)
        details = Details() if profile is None else opened(self._vault, profile)
        number = person.citizen_id
        born = None if number is None else number.birth_date  # what was not derived from a number is not claimed
        phone = self._vault.phone(account)
        changed = account.created_at if profile is None else profile.updated_at
        return {
            "name": person.name if real else masked(person.name),
            "id_number": number.number if real and number is not None else None,
            "gender": None if number is None else number.sex,
            "birthdate": None if born is None else born.isoformat() if real else f"{born:%Y}",  # §5.1: YYYY alone
            "locale": LOCALE,
            "zoneinfo": ZONE,
            "updated_at": int(changed.timestamp()),
            "email": details.email,
            "email_verified": None if details.email is None else details.email_verified,
            "phone_number": None if phone is None else f"+86{phone}",  # §5.1: E.164
            "phone_number_verified": None if phone is None else account.level >= REACHED_BY_PHONE,
            "address": None if details.address is None else details.address.claim(),
        }


def masked(name: str) -> str:
    """The first character and two stars: enough to be greeted by, and no longer a name."""
    return f"{name[:1]}**"
