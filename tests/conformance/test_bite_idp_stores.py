"""Identity stores that are wrong on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from api.wiring.idp import IdpStores, sql_stores
from core.db.database import ReadTx, WriteTx
from idp.model import (
    Account,
    AccountProfile,
    AccountStatus,
    Arrival,
    Client,
    Consent,
    LogoutDelivery,
    Session,
    SessionClient,
    StaffRole,
    Standing,
)
from idp.stores.clients import SqlClientStore, SqlConsentStore
from idp.stores.deliveries import SqlDeliveryStore
from idp.stores.notices import SqlNoticeStore
from idp.stores.people import SqlAccountStore
from idp.stores.profiles import SqlProfileStore
from idp.stores.sessions import SqlSessionStore
from idp.stores.tables import account, client, logout_delivery, session, session_client, token_family
from idp.stores.tokens import SqlTokenStore
from tests.conformance.harness import Surroundings, failing
from tests.conformance.idp_stores import IdpStoresBasic, IdpStoresContention, IdpStoresTransaction
from tests.conformance.idp_stores_backends import IdpStoresHarness, postgres, sqlite
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

_CONTRACTS = (IdpStoresBasic, IdpStoresTransaction, IdpStoresContention)
_PAUSE = 0.05  # longer than it takes to open the others' connections, on a busy machine too


class _RotatesAnything(SqlTokenStore):
    """Does not look at the generation."""

    async def rotate(self, tx: WriteTx, family_id: str, *, generation: int, at: dt.datetime, **rest: Any) -> bool:
        change = update(token_family).where(token_family.c.id == family_id).values(generation=generation + 1)
        return (await tx.connection.execute(change)).rowcount == 1


class _RotatesTheDead(SqlTokenStore):
    """Forgets that a family may have been revoked."""

    async def rotate(self, tx: WriteTx, family_id: str, *, generation: int, at: dt.datetime, **rest: Any) -> bool:
        here = (token_family.c.id == family_id, token_family.c.generation == generation, token_family.c.expires_at > at)
        values = {
            "generation": generation + 1,
            "rotated_at": at,
            "retry_digest": "r",
            "expires_at": rest.get("expires_at", at),
        }
        return (await tx.connection.execute(update(token_family).where(*here).values(values))).rowcount == 1


class _ReadsThenRotates(SqlTokenStore):
    """Looks first and writes later: two may have looked before either wrote."""

    async def rotate(self, tx: WriteTx, family_id: str, *, generation: int, at: dt.datetime, **rest: Any) -> bool:
        standing = await self.standing(tx, family_id)
        if standing is None or standing.family.generation != generation or not standing.alive(at):
            return False
        await asyncio.sleep(_PAUSE)
        values = {"generation": generation + 1, "rotated_at": at, "retry_digest": rest["retry_digest"]}
        await tx.connection.execute(update(token_family).where(token_family.c.id == family_id).values(values))
        return True


class _ReadsThenRedeems(SqlTokenStore):
    async def redeem(self, tx: WriteTx, family_id: str, *, at: dt.datetime, **rest: Any) -> bool:
        query = select(token_family.c.redeemed_at).where(token_family.c.id == family_id)
        if (await tx.connection.execute(query)).scalar_one() is not None:
            return False
        await asyncio.sleep(_PAUSE)
        change = update(token_family).where(token_family.c.id == family_id).values(redeemed_at=at, **rest)
        await tx.connection.execute(change)
        return True


class _LetsDevicesIn(SqlSessionStore):
    """Takes a device's session for a browser's."""

    async def by_cookie(self, tx: ReadTx, cookie_digests: Sequence[str]) -> Session | None:
        return await self._one(tx, session.c.cookie_digest.in_(cookie_digests))


class _EnteredByAnybody(SqlSessionStore):
    """Looks whether the portal was entered through any session."""

    async def arrival(self, tx: ReadTx, cookie_digests: Sequence[str], *, client_id: str) -> Arrival | None:
        found = await super().arrival(tx, cookie_digests, client_id=client_id)
        query = select(session_client.c.sid).where(session_client.c.client_id == client_id).limit(1)
        entered = (await tx.connection.execute(query)).scalar_one_or_none() is not None
        return None if found is None else dataclasses.replace(found, entered=entered)


class _LetsDevicesArrive(SqlSessionStore):
    """Takes a device's session for a browser's, in the one look too."""

    async def arrival(self, tx: ReadTx, cookie_digests: Sequence[str], *, client_id: str) -> Arrival | None:
        query = select(session.c.id, session.c.account_id).where(session.c.cookie_digest.in_(cookie_digests))
        row = (await tx.connection.execute(query)).one_or_none()
        if row is None:
            return None
        found, whose = await self.get(tx, row.id), await SqlAccountStore().get(tx, row.account_id)
        assert found is not None
        assert whose is not None
        entered = [one.client_id for one in await self.clients(tx, row.id)]
        return Arrival(found, whose, client_id in entered)


class _ActsAfterItsEnd(SqlSessionStore):
    async def act(self, tx: WriteTx, session_id: str, authorisation_id: str | None) -> bool:
        change = update(session).where(session.c.id == session_id).values(acting_for=authorisation_id)
        return (await tx.connection.execute(change)).rowcount == 1


class _ProlongsTheDead(SqlSessionStore):
    async def prolong(self, tx: WriteTx, session_id: str, *, until: dt.datetime) -> bool:
        change = update(session).where(session.c.id == session_id).values(expires_at=until)
        return (await tx.connection.execute(change)).rowcount == 1


class _TakesAnyFamily(SqlTokenStore):
    """Does not look whether the family was revoked, or whose it is."""

    async def newest(self, tx: ReadTx, *, session_id: str, client_id: str) -> Standing | None:
        query = select(token_family.c.id).order_by(token_family.c.created_at.desc()).limit(1)
        found = (await tx.connection.execute(query)).scalar_one_or_none()
        return None if found is None else await self.standing(tx, found)


class _RevokesAgain(SqlTokenStore):
    """The second reason overwrites the first, and everybody has revoked."""

    async def revoke(self, tx: WriteTx, family_id: str, *, at: dt.datetime, reason: str) -> bool:
        values = {"revoked_at": at, "revoked_for": reason}
        change = update(token_family).where(token_family.c.id == family_id).values(values)
        return (await tx.connection.execute(change)).rowcount == 1


class _RevokesEverybody(SqlTokenStore):
    """One portal's withdrawal ends all portals' tokens."""

    async def revoke_between(self, tx: WriteTx, *, at: dt.datetime, reason: str, **who: Any) -> int:
        values = {"revoked_at": at, "revoked_for": reason}
        return (await tx.connection.execute(update(token_family).values(values))).rowcount


class _IgnoresTheSession(SqlTokenStore):
    """Tokens live on after log-out."""

    async def standing(self, tx: ReadTx, family_id: str, *, token_id: str | None = None) -> Standing | None:
        found = await super().standing(tx, family_id, token_id=token_id)
        return None if found is None else dataclasses.replace(found, session_ended=False)


class _IgnoresTheAccount(SqlTokenStore):
    """Tokens of a frozen account live on."""

    async def standing(self, tx: ReadTx, family_id: str, *, token_id: str | None = None) -> Standing | None:
        found = await super().standing(tx, family_id, token_id=token_id)
        return None if found is None else dataclasses.replace(found, account_status=AccountStatus.ACTIVE)


class _IgnoresRevokedTokens(SqlTokenStore):
    async def standing(self, tx: ReadTx, family_id: str, *, token_id: str | None = None) -> Standing | None:
        return await super().standing(tx, family_id)


class _SweepsTheLiving(SqlTokenStore):
    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int:
        return await super().delete_expired(tx, before + dt.timedelta(days=1))


class _EndsTwice(SqlSessionStore):
    async def end(self, tx: WriteTx, session_id: str, at: dt.datetime) -> bool:
        change = update(session).where(session.c.id == session_id).values(ended_at=at)
        return (await tx.connection.execute(change)).rowcount == 1


class _RenewsTheDead(SqlSessionStore):
    """A log-in brings an ended session back to life."""

    async def renew(self, tx: WriteTx, session_: Session, *, old_digest: str) -> bool:
        change = (
            update(session)
            .where(session.c.id == session_.id, session.c.cookie_digest == old_digest)
            .values(cookie_digest=session_.cookie_digest, ended_at=None)
        )
        return (await tx.connection.execute(change)).rowcount == 1


class _KeepsTheOldCookie(SqlSessionStore):
    """Session fixation: the cookie's value survives the log-in."""

    async def renew(self, tx: WriteTx, session_: Session, *, old_digest: str) -> bool:
        kept = dataclasses.replace(session_, cookie_digest=old_digest)
        return await super().renew(tx, kept, old_digest=old_digest)


class _JoinsAlways(SqlSessionStore):
    async def join(self, tx: WriteTx, entered: SessionClient) -> bool:
        await super().join(tx, entered)
        return True


class _FindsSidsOfOthers(SqlSessionStore):
    async def by_sid(self, tx: ReadTx, *, client_id: str, sid: str) -> SessionClient | None:
        for name in ("portal", "quiet"):
            if found := await super().by_sid(tx, client_id=name, sid=sid):
                return found
        return None


class _LooksThenAdds(SqlAccountStore):
    """Trusts its own look instead of the unique index."""

    async def add(self, tx: WriteTx, account_: Account, indexes: Mapping[str, Sequence[bytes]]) -> bool:
        for digests in indexes.values():
            if await self.by_identifier(tx, digests) is not None:
                return False
        await asyncio.sleep(_PAUSE)
        values = {name: getattr(account_, name) for name in account.c.keys()}  # noqa: SIM118 - not a dict
        await tx.connection.execute(insert(account).values({**values, "status": account_.status.value}))
        return True


class _RenewsBlindly(SqlAccountStore):
    """Writes the new hash over a password that was changed meanwhile."""

    async def renew_password_hash(self, tx: WriteTx, account_id: str, *, old: str, new: str) -> bool:
        return await self.change_password(tx, account_id, new)


class _Reopens(SqlAccountStore):
    async def change_status(self, tx: WriteTx, account_id: str, status: AccountStatus) -> bool:
        change = update(account).where(account.c.id == account_id).values(status=status.value)
        return (await tx.connection.execute(change)).rowcount == 1


class _SortsRoles(SqlAccountStore):
    async def roles(self, tx: ReadTx, account_id: str) -> Sequence[StaffRole]:
        return sorted(await super().roles(tx, account_id), key=lambda role: role.role)


class _AddsUp(SqlConsentStore):
    """The first consent stays, whatever was agreed to later."""

    async def remember(self, tx: WriteTx, consent: Consent) -> None:
        if await self.get(tx, account_id=consent.account_id, client_id=consent.client_id) is None:
            await super().remember(tx, consent)


class _ForgetsTheQuery(SqlClientStore):
    async def get(self, tx: ReadTx, client_id: str) -> Client | None:
        found = await super().get(tx, client_id)
        if found is None:
            return None
        return dataclasses.replace(found, redirect_uris=tuple(uri.partition("?")[0] for uri in found.redirect_uris))


class _LetsEverybodysPagesIn(SqlClientStore):
    """Gives the addresses of confidential and disabled clients too."""

    async def addresses_of_public(self, tx: Any) -> Any:
        return [tuple(row.redirect_uris) for row in await tx.connection.execute(select(client))]


class _OneSectorForAll(SqlClientStore):
    async def account_of(self, tx: ReadTx, *, subject: str, sector: str) -> str | None:
        return await super().account_of(tx, subject=subject, sector="a.test")


class _StepsAtEveryUse(SqlTokenStore):
    """A token that should stay changes all the same."""

    async def use(self, tx: WriteTx, family_id: str, *, generation: int, **rest: Any) -> bool:
        return await self.rotate(tx, family_id, generation=generation, retry_digest=None, **rest)


class _ForgetsTheEnd(SqlTokenStore):
    """The absolute lifetime is not written down."""

    async def redeem(self, tx: WriteTx, family_id: str, *, ends_at: dt.datetime, **rest: Any) -> bool:
        return await super().redeem(tx, family_id, ends_at=ends_at + dt.timedelta(days=1), **rest)


class _KeepsTheFirstProfile(SqlProfileStore):
    async def put(self, tx: WriteTx, profile: AccountProfile) -> None:
        if await self.get(tx, profile.account_id) is None:
            await super().put(tx, profile)


class _ReplacesAnyProfile(SqlProfileStore):
    """Does not look whether it is still the one that was read."""

    async def replace(self, tx: WriteTx, profile: AccountProfile, *, since: dt.datetime) -> bool:
        known = await self.get(tx, profile.account_id) is not None
        if known:
            await self.put(tx, profile)
        return known


class _PutsAwayAnybodys(SqlNoticeStore):
    async def see(self, tx: WriteTx, notice_id: str, *, account_id: str, at: dt.datetime) -> bool:
        return await super().see(tx, notice_id, account_id="acc_1", at=at)


class _RevivesTheDelivered(SqlDeliveryStore):
    """Another try for what has arrived: a person would be logged out twice."""

    async def try_again(self, tx: WriteTx, delivery_id: str, *, client_id: str, at: dt.datetime) -> bool:
        change = update(logout_delivery).where(logout_delivery.c.id == delivery_id)
        values = {"state": "pending", "due_at": at}
        return (await tx.connection.execute(change.values(values))).rowcount == 1


class _ForgivesAFailingPortal(SqlDeliveryStore):
    async def failing(self, tx: ReadTx, client_ids: Sequence[str], **rest: Any) -> set[str]:
        return set()


class _ClaimsForEverybody(SqlDeliveryStore):
    async def claim(self, tx: WriteTx, delivery: LogoutDelivery, *, until: dt.datetime) -> bool:
        change = update(logout_delivery).where(logout_delivery.c.id == delivery.id).values(due_at=until)
        return (await tx.connection.execute(change)).rowcount == 1


class _NeverForgets(SqlDeliveryStore):
    async def delete_finished(self, tx: WriteTx, before: dt.datetime) -> int:
        return 0


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"tokens": _RotatesAnything()}, "test_rotation_steps_from_the_current_generation_only"),
    ({"tokens": _RotatesTheDead()}, "test_rotation_steps_from_the_current_generation_only"),
    ({"sessions": _LetsDevicesIn()}, "test_a_session_without_a_cookie_is_found_by_none_and_can_be_prolonged"),
    ({"sessions": _EnteredByAnybody()}, "test_one_look_tells_whose_a_session_is_and_whether_a_portal_was_entered"),
    ({"sessions": _LetsDevicesArrive()}, "test_one_look_tells_whose_a_session_is_and_whether_a_portal_was_entered"),
    ({"sessions": _ProlongsTheDead()}, "test_a_session_without_a_cookie_is_found_by_none_and_can_be_prolonged"),
    ({"sessions": _ActsAfterItsEnd()}, "test_a_session_acts_for_an_organisation_until_it_ends"),
    ({"tokens": _StepsAtEveryUse()}, "test_a_use_without_a_step_is_noted_while_the_generation_is_current"),
    ({"tokens": _ForgetsTheEnd()}, "test_both_ends_are_set_when_tokens_are_handed_out"),
    ({"profiles": _KeepsTheFirstProfile()}, "test_a_profile_is_replaced"),
    ({"profiles": _ReplacesAnyProfile()}, "test_a_profile_that_was_stated_anew_meanwhile_is_not_overwritten"),
    ({"notices": _PutsAwayAnybodys()}, "test_notices_are_their_own_persons_and_put_away_once"),
    ({"deliveries": _RevivesTheDelivered()}, "test_the_health_of_a_portal_and_another_try"),
    ({"deliveries": _ForgivesAFailingPortal()}, "test_the_health_of_a_portal_and_another_try"),
    ({"tokens": _TakesAnyFamily()}, "test_the_newest_family_of_a_client_in_a_session"),
    ({"tokens": _RevokesAgain()}, "test_revocation_keeps_the_first_reason"),
    ({"tokens": _RevokesEverybody()}, "test_revocation_by_session_and_by_portal_spares_the_rest"),
    ({"tokens": _IgnoresTheSession()}, "test_everything_that_can_end_a_token_shows_in_its_standing"),
    ({"tokens": _IgnoresTheAccount()}, "test_everything_that_can_end_a_token_shows_in_its_standing"),
    ({"tokens": _IgnoresRevokedTokens()}, "test_everything_that_can_end_a_token_shows_in_its_standing"),
    ({"tokens": _SweepsTheLiving()}, "test_sweeping_takes_what_has_expired_and_nothing_else"),
    ({"sessions": _EndsTwice()}, "test_a_session_ends_once_and_is_never_renewed_after"),
    ({"sessions": _RenewsTheDead()}, "test_a_session_ends_once_and_is_never_renewed_after"),
    ({"sessions": _KeepsTheOldCookie()}, "test_a_session_is_found_by_its_present_cookie_only"),
    ({"sessions": _JoinsAlways()}, "test_portals_join_a_session_once"),
    ({"sessions": _FindsSidsOfOthers()}, "test_portals_join_a_session_once"),
    ({"accounts": _Reopens()}, "test_a_closed_account_stays_closed"),
    (
        {"accounts": _RenewsBlindly()},
        "test_a_password_hash_is_renewed_only_while_it_is_the_one_that_was_read",
    ),
    ({"accounts": _SortsRoles()}, "test_roles_come_back_in_the_order_given"),
    ({"consents": _AddsUp()}, "test_a_consent_is_replaced_and_withdrawn"),
    ({"clients": _ForgetsTheQuery()}, "test_a_client_comes_back_as_it_went_in"),
    (
        {"clients": _LetsEverybodysPagesIn()},
        "test_addresses_of_public_clients_are_those_of_active_ones",
    ),
    ({"clients": _OneSectorForAll()}, "test_subjects_belong_to_a_sector"),
    ({"deliveries": _ClaimsForEverybody()}, "test_deliveries_are_due_claimed_and_finished"),
    ({"deliveries": _NeverForgets()}, "test_deliveries_are_due_claimed_and_finished"),
]
RACY: list[tuple[dict[str, Any], str]] = [
    ({"tokens": _ReadsThenRotates()}, "test_one_rotates"),
    ({"tokens": _ReadsThenRedeems()}, "test_one_redeems"),
    ({"accounts": _LooksThenAdds()}, "test_one_opens_the_account"),
]


def _name(parts: Any) -> str:
    return type(next(iter(parts.values()))).__name__ if isinstance(parts, dict) else ""


@pytest.mark.parametrize(("parts", "only"), BROKEN, ids=_name)
async def test_the_contract_catches(tmp_path: Path, clock: FakeClock, parts: dict[str, Any], only: str) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return sqlite(Surroundings(tmp_path, clock), lambda: _stores(parts))

    assert await failing(_CONTRACTS, opened, only=only) == {only}


@pytest.mark.parametrize(("parts", "only"), RACY, ids=_name)
async def test_the_contract_catches_a_race(
    tmp_path: Path, clock: FakeClock, postgres_server: PostgresServer, parts: dict[str, Any], only: str
) -> None:
    """On PostgreSQL: SQLite lets one writer in at a time and so hides these."""

    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return postgres(Surroundings(tmp_path, clock, postgres_server), lambda: _stores(parts))

    assert await failing(_CONTRACTS, opened, only=only) == {only}


async def test_the_real_stores_pass(tmp_path: Path, clock: FakeClock) -> None:
    assert await failing(_CONTRACTS, lambda: sqlite(Surroundings(tmp_path, clock))) == set()


def _stores(parts: dict[str, Any]) -> IdpStores:
    return dataclasses.replace(sql_stores(), **parts)
