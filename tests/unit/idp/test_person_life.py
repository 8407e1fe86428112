"""Lives of accounts: frozen, left, merged, put right, closed; who may do it, and what is left afterwards."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from api.migrations.tables import ALL_TABLES
from api.wiring.idp import sql_stores
from core.errors import AppError
from core.identifiers.citizen_id import parse_citizen_id
from core.identifiers.documents import DocumentKind
from core.principal import SYSTEM, Principal, PrincipalKind
from idp.login.circumstances import Circumstances
from idp.login.steps import SignedIn
from idp.model import Account, AccountStatus, Consent, StaffRole
from idp.people import NewAccount
from idp.persons.model import FreezeReason
from idp.stores.person_fates import FATES, Merged
from tests.support.clock import START, FakeClock
from tests.support.idp_world import PASSWORD, IdpWorld, Somebody, citizen_number, cluster_world, embedded_world
from tests.support.servers import PostgresServer, RedisServer

HERE = Circumstances("192.0.2.1", "Browser 1.0")
SYS = Principal(PrincipalKind.STAFF, "acc_system", scopes=frozenset({"admin:system"}))
SEC = Principal(PrincipalKind.STAFF, "acc_security", scopes=frozenset({"admin:security"}))
AUDIT = Principal(PrincipalKind.STAFF, "acc_audit", scopes=frozenset({"admin:audit"}))
CITIZEN = Principal(PrincipalKind.PERSON, "acc_citizen")
WEEK = 7 * 86400


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def account_of(world: IdpWorld, account_id: str) -> Account:
    async with world.ground.database.read() as tx:
        found = await sql_stores().accounts.get(tx, account_id)
    assert found is not None
    return found


async def by_number(world: IdpWorld, number: str) -> str | None:
    return await world.idp.directory.account_by_citizen_id(parse_citizen_id(number, today=START.date()))


async def log_in(world: IdpWorld, identifier: str, password: str = PASSWORD) -> str:
    """The session cookie; a code from the phone where the person must show two factors."""
    done = await world.idp.log_in(identifier, password, HERE)
    assert isinstance(done, SignedIn)
    return done.session_cookie_value


async def strong(world: IdpWorld, who: Somebody) -> str:
    """A log-in that may change how the person logs in."""
    here = Circumstances("192.0.2.1", "Browser 1.0", goal="/me/security")
    begun = await world.idp.log_in(who.number, who.password, here)
    if isinstance(begun, SignedIn):
        return begun.session_cookie_value
    from tests.support.idp_browser import second_step

    return (await second_step(world.idp, begun, here)).session_cookie_value


async def refusal(work: object) -> str:
    with pytest.raises(AppError) as refused:
        await work  # type: ignore[misc]  # a coroutine
    return refused.value.code


async def duplicate(world: IdpWorld, serial: int = 61) -> Somebody:
    number, phone = citizen_number(serial), f"1370000{serial:04d}"
    made = await world.idp.create_account(NewAccount(number, world.lin.name, "other pass phrase 7", phone), SYSTEM)
    return Somebody(made, number, world.lin.name, phone, "other pass phrase 7")


class TestFreezing:
    async def test_a_frozen_account_opens_nothing_and_comes_back(self, world: IdpWorld) -> None:
        persons, lin = world.idp.persons, world.lin.account_id
        cookie = await log_in(world, world.lin.number)
        await persons.freeze.freeze(lin, FreezeReason.MISUSE, "called 12345", SYS)
        assert await world.idp.sessions.find(cookie) is None
        assert await refusal(log_in(world, world.lin.number)) == "account-frozen"
        await persons.freeze.unfreeze(lin, "shown at a window", SYS)
        await log_in(world, world.lin.number)
        assert (await account_of(world, lin)).status_reason == ""

    async def test_a_death_is_lifted_by_security_administrators_only(self, world: IdpWorld) -> None:
        persons, lin = world.idp.persons, world.lin.account_id
        await persons.freeze.freeze(lin, FreezeReason.OWN_WISH, "asked for it", SYS)
        await persons.freeze.died(world.lin.number, START.date())
        assert (await account_of(world, lin)).status_reason == FreezeReason.DEATH_REPORTED
        assert await refusal(persons.freeze.unfreeze(lin, "wrong", SYS)) == "duty-missing"
        await persons.freeze.died(world.lin.number, START.date())
        assert len(await world.audit("account.death-reported")) == 1
        await persons.freeze.unfreeze(lin, "the register was wrong", SEC)
        await log_in(world, world.lin.number)

    async def test_o_68_who_has_no_duty_is_refused_and_on_record(self, world: IdpWorld) -> None:
        persons, lin = world.idp.persons, world.lin.account_id
        own = Principal(PrincipalKind.STAFF, lin, scopes=frozenset({"admin:system", "admin:security"}))
        for actor, code in ((CITIZEN, "duty-missing"), (AUDIT, "duty-missing"), (own, "own-account")):
            assert await refusal(persons.freeze.freeze(lin, FreezeReason.MISUSE, "why", actor)) == code
        assert await refusal(persons.close(lin, "why", SYS)) == "duty-missing"
        assert await refusal(persons.close(lin, "why", SYSTEM)) == "duty-missing", "a command decides nothing"
        outcomes = [row.content["outcome"] for row in await world.audit()]
        assert outcomes.count("refused") == 5
        assert (await account_of(world, lin)).status is AccountStatus.ACTIVE


class TestLeaving:
    async def test_seven_days_later_nothing_says_who_it_was_and_the_number_is_free(self, world: IdpWorld) -> None:
        persons, lin = world.idp.persons, world.lin
        cookie = await strong(world, lin)
        departure = await persons.departures.ask(cookie)
        assert departure.due_at - START < dt.timedelta(days=8)
        assert await world.idp.sessions.find(cookie) is None
        world.clock.advance(WEEK - 600)
        assert await persons.departures.carry_out() == 0
        world.clock.advance(1200)
        assert await persons.departures.carry_out() == 1
        assert await persons.departures.carry_out() == 0
        closed = await account_of(world, lin.account_id)
        assert (closed.status, closed.number, closed.phone, closed.password_hash) == (
            AccountStatus.CLOSED,
            None,
            None,
            "",
        )
        assert world.idp.directory._vault.name(closed) == ""
        assert await left_of(world, lin.account_id) <= {name for name, fate in FATES.items() if not fate.erased}
        assert await by_number(world, lin.number) is None
        again = await world.idp.create_account(NewAccount(lin.number, lin.name, PASSWORD, lin.phone), SYSTEM)
        assert again != lin.account_id
        assert await by_number(world, lin.number) == again

    async def test_whoever_logs_in_before_may_stay(self, world: IdpWorld) -> None:
        persons, lin = world.idp.persons, world.lin
        first = await persons.departures.ask(await strong(world, lin))
        world.clock.advance(86400)
        assert await persons.departures.ask(await strong(world, lin)) == first, "asking twice moves nothing"
        await log_in(world, lin.number)
        person = Principal(PrincipalKind.PERSON, lin.account_id)
        taken = await asyncio.gather(*(persons.departures.take_back(person) for _ in range(3)))
        assert sorted(taken) == [False, False, True]
        world.clock.advance(WEEK)
        assert await persons.departures.carry_out() == 0
        await log_in(world, lin.number)

    async def test_a_frozen_account_does_not_leave(self, world: IdpWorld) -> None:
        persons, lin = world.idp.persons, world.lin
        await persons.departures.ask(await strong(world, lin))
        await persons.freeze.freeze(lin.account_id, FreezeReason.ORDER, "file 12", SEC)
        world.clock.advance(WEEK + 60)
        assert await persons.departures.carry_out() == 0
        assert (await account_of(world, lin.account_id)).status is AccountStatus.FROZEN

    async def test_o_57_an_old_log_in_and_an_office_do_not_leave(self, world: IdpWorld) -> None:
        persons = world.idp.persons
        cookie = await strong(world, world.lin)
        world.clock.advance(301)
        assert await refusal(persons.departures.ask(cookie)) == "log-in-not-fresh"
        assert await refusal(persons.departures.ask(None)) == "not-logged-in"
        assert await refusal(persons.departures.ask(await strong(world, world.clerk))) == "staff-leave-first"

    async def test_after_a_death_the_number_stays_taken(self, world: IdpWorld) -> None:
        persons, lin = world.idp.persons, world.lin
        await persons.freeze.died(lin.number, START.date())
        await persons.close(lin.account_id, "death certificate seen", SEC)
        assert await by_number(world, lin.number) == lin.account_id
        assert await refusal(world.idp.create_account(NewAccount(lin.number, lin.name, PASSWORD), SYSTEM)) == (
            "account-exists"
        )
        assert (await account_of(world, lin.account_id)).phone is None, "the phone may be somebody else's tomorrow"


class TestTwoPeople:
    async def test_a_merge_leads_everything_to_the_one_that_stays(self, world: IdpWorld) -> None:
        changes, lin, other = world.idp.persons.changes, world.lin, await duplicate(world)
        cookie = await log_in(world, other.number, other.password)
        async with world.ground.database.write() as tx:
            stores = sql_stores()
            for client, scopes in (("portal-a", {"openid"}), ("portal-b", {"openid", "realname"})):
                await stores.consents.remember(tx, Consent(other.account_id, client, frozenset(scopes), START))
            await stores.consents.remember(tx, Consent(lin.account_id, "portal-a", frozenset(), START))
            sector = "a.example.test"
            await stores.clients.remember_subject(tx, subject="s-1", sector=sector, account_id=other.account_id)
            await stores.accounts.add_role(tx, StaffRole(other.account_id, world.organisation, "clerk"), START)
            await tx.commit()
        proposal = await changes.propose_merge(lin.account_id, other.account_id, "same face, same person", SYS)
        await changes.approve(proposal.id, SEC)
        assert await world.idp.sessions.find(cookie) is None
        assert await by_number(world, other.number) == await by_number(world, lin.number) == lin.account_id
        assert await world.idp.directory.account_by_subject("portal-a", "s-1") == lin.account_id
        async with world.ground.database.read() as tx:
            consents = await sql_stores().consents.of_account(tx, lin.account_id)
            roles = await sql_stores().accounts.roles(tx, lin.account_id)
        assert {one.client_id: set(one.scopes) for one in consents} == {
            "portal-a": set(),  # what they said themselves in the account that stays
            "portal-b": {"openid", "realname"},
        }
        assert [role.role for role in roles] == ["clerk"]
        assert await refusal(log_in(world, other.number, other.password)) == "password-wrong", "its password is gone"
        assert await refusal(log_in(world, other.phone)) == "password-wrong", "its phone is no name any more"
        gone = await account_of(world, other.account_id)
        assert (gone.status, gone.merged_into, gone.phone) == (AccountStatus.CLOSED, lin.account_id, None)
        _, documents = await world.idp.directory.all_documents(lin.account_id)
        assert [one.number for one in documents] == [lin.number, other.number], "licences are found under both"

    async def test_merged_twice_and_closed_frees_every_number(self, world: IdpWorld) -> None:
        persons, first, second = world.idp.persons, await duplicate(world, 61), await duplicate(world, 62)
        for stays, goes in ((second, first), (world.lin, second)):
            proposal = await persons.changes.propose_merge(stays.account_id, goes.account_id, "the same person", SYS)
            await persons.changes.approve(proposal.id, SEC)
        assert await by_number(world, first.number) == world.lin.account_id
        await persons.freeze.freeze(world.lin.account_id, FreezeReason.MISUSE, "opened by a stranger", SEC)
        await persons.close(world.lin.account_id, "opened by a stranger", SEC)
        for one in (first, second, world.lin):
            assert await by_number(world, one.number) is None

    async def test_a_number_is_put_right_and_has_to_be_proved_anew(self, world: IdpWorld) -> None:
        changes, lin, right = world.idp.persons.changes, world.lin, citizen_number(71)
        cookie = await log_in(world, lin.number)
        proposal = await changes.propose_number(lin.account_id, right, "林 知 远", "misread at the window", SYS)
        _, asked = await changes.look(proposal.id, SEC)
        assert (asked.number, asked.name) == (right, lin.name)
        await changes.approve(proposal.id, SEC)
        assert (await by_number(world, right), await by_number(world, lin.number)) == (lin.account_id, None)
        _, documents = await world.idp.directory.all_documents(lin.account_id)
        assert [one.number for one in documents] == [right], "the former number may be somebody else's"
        assert (await account_of(world, lin.account_id)).level == 0
        assert await world.idp.sessions.find(cookie) is None
        await log_in(world, right)
        text = str([row.content for row in await world.audit()])
        assert right not in text
        assert lin.number not in text

    async def test_a_number_of_somebody_else_changes_nothing_and_stays_open(self, world: IdpWorld) -> None:
        changes = world.idp.persons.changes
        proposal = await changes.propose_number(world.lin.account_id, world.zhao.number, "林知远", "so they say", SYS)
        assert await refusal(changes.approve(proposal.id, SEC)) == "number-taken"
        assert await by_number(world, world.lin.number) == world.lin.account_id
        assert [one.id for one in (await changes.open(SEC)).items] == [proposal.id]

    async def test_o_68_nobody_decides_alone_or_over_themselves(self, world: IdpWorld) -> None:
        changes, lin, other = world.idp.persons.changes, world.lin.account_id, await duplicate(world)
        both = Principal(PrincipalKind.STAFF, "acc_both", scopes=frozenset({"admin:system", "admin:security"}))
        proposal = await changes.propose_merge(lin, other.account_id, "the same person", both)
        self_ = Principal(PrincipalKind.STAFF, other.account_id, scopes=frozenset({"admin:security"}))
        for actor, code in (
            (both, "second-person-needed"),
            (self_, "own-account"),
            (SYS, "duty-missing"),
            (SYSTEM, "duty-missing"),
            (AUDIT, "duty-missing"),
        ):
            assert await refusal(changes.approve(proposal.id, actor)) == code
        assert await refusal(changes.propose_merge(lin, other.account_id, "why", SEC)) == "duty-missing"
        assert await refusal(changes.withdraw(proposal.id, SYS)) == "proposal-not-found"
        await changes.withdraw(proposal.id, both)
        assert await refusal(changes.approve(proposal.id, SEC)) == "proposal-decided"
        assert (await account_of(world, other.account_id)).status is AccountStatus.ACTIVE

    async def test_what_nobody_decides_runs_out(self, world: IdpWorld) -> None:
        changes, other = world.idp.persons.changes, await duplicate(world)
        proposal = await changes.propose_merge(world.lin.account_id, other.account_id, "the same person", SYS)
        world.clock.advance(14 * 86400 + 1)
        assert await refusal(changes.approve(proposal.id, SEC)) == "proposal-decided"
        assert (await changes.open(SEC)).items == []
        assert "person_proposal" in await left_of(world, world.lin.account_id)
        world.clock.advance(30 * 86400)
        await world.idp.sweep()
        assert "person_proposal" not in await left_of(world, world.lin.account_id), "the audit log keeps it"


class TestDocuments:
    async def test_a_document_that_was_seen_is_a_key_of_one_person(self, world: IdpWorld) -> None:
        documents, lin, zhao = world.idp.persons.documents, world.lin.account_id, world.zhao.account_id
        made = await documents.add(lin, DocumentKind.PASSPORT, "K1O34567E", "SGP", SYS)
        look_alike = documents.add(zhao, DocumentKind.PASSPORT, "ｋ１０34567e", "sgp", SYS)
        assert await refusal(look_alike) == "number-taken"
        seen = await world.idp.persons.look.find(DocumentKind.PASSPORT, "K1034567E", "SGP", "case 7", SYS)
        assert (seen.id, [one.masked for one in seen.documents]) == (lin, ["SGP K1*****7E"])
        await documents.remove(lin, made, SYS)
        await documents.add(zhao, DocumentKind.PASSPORT, "K1034567E", "SGP", SYS)
        assert await refusal(documents.remove(lin, made, SYS)) == "document-not-found"

    async def test_looks_are_on_record_and_show_nobody_whole(self, world: IdpWorld) -> None:
        look = world.idp.persons.look
        seen = await look.find(DocumentKind.CITIZEN_ID, world.lin.number, "", "case 7", AUDIT)
        assert (seen.masked_name, seen.id) == ("林**", world.lin.account_id)
        assert world.lin.number not in repr(seen)
        assert await refusal(look.one(world.lin.account_id, " ", SYS)) == "reason-invalid"
        assert await refusal(look.one(world.lin.account_id, "why", CITIZEN)) == "duty-missing"
        assert await refusal(look.one("acc_none", "why", SYS)) == "account-not-found"
        (row,) = await world.audit("identity.read")
        assert (row.content["subject"], row.content["basis"]) == (world.lin.account_id, "case 7")


class TestOwnChanges:
    async def test_a_phone_changes_when_the_code_comes_back(self, world: IdpWorld) -> None:
        change, lin, new = world.idp.persons.change_phone, world.lin, "13700000099"
        other, cookie = await log_in(world, lin.number), await strong(world, lin)
        await change.begin(cookie, new, network="192.0.2.1", language="zh")
        assert await refusal(change.confirm(cookie, "000000", network="192.0.2.1")) in ("code-wrong",)
        await change.confirm(cookie, world.sender.code(new), network="192.0.2.1")
        await log_in(world, new)
        assert await refusal(log_in(world, lin.phone)) == "password-wrong"
        assert await world.idp.sessions.find(other) is None
        assert await world.idp.sessions.find(cookie) is not None
        assert world.sender.to(lin.phone)[-1].template == "phone-changed", "the former phone hears of it"

    async def test_o_57_somebody_elses_phone_is_not_taken_over(self, world: IdpWorld) -> None:
        change, cookie = world.idp.persons.change_phone, await strong(world, world.lin)
        await change.begin(cookie, world.zhao.phone, network="192.0.2.1", language="zh")
        code = world.sender.code(world.zhao.phone)
        assert await refusal(change.confirm(cookie, code, network="192.0.2.1")) == "phone-taken"
        await log_in(world, world.lin.phone)
        await log_in(world, world.zhao.phone)


async def left_of(world: IdpWorld, account_id: str) -> set[str]:
    """Tables that still hold rows of an account."""
    found = set()
    async with world.ground.database.read() as tx:
        for table in ALL_TABLES.tables.values():
            if "account_id" in table.c:
                rows = await tx.connection.execute(select(table).where(table.c.account_id == account_id))
                if rows.first() is not None:
                    found.add(table.name)
    return found


def test_the_fate_of_every_table_is_decided() -> None:
    """Whoever adds a table with rows of accounts says what becomes of them."""
    with_accounts = {table.name for table in ALL_TABLES.tables.values() if "account_id" in table.c}
    assert set(FATES) == with_accounts
    for name, fate in FATES.items():
        table = ALL_TABLES.tables[name]
        unique = table.c.account_id.primary_key or any(
            "account_id" in constraint.columns and len(constraint.columns) > 0
            for constraint in table.constraints
            if constraint.__class__.__name__ == "UniqueConstraint"
        )
        if fate.merged is Merged.MOVE and unique and name != "pairwise_subject":
            assert fate.apart is not None, f"rows of {name} may meet rows of the other account"


@pytest.mark.parametrize("backend", ["embedded", "cluster"])
async def test_of_many_who_decide_one_does(
    backend: str, tmp_path: Path, clock: FakeClock, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    """Two merges that cross each other, and many decisions at once: one is carried out, and nobody is lost."""
    cluster = cluster_world(postgres_server, redis_server, tmp_path, clock)
    async with embedded_world(tmp_path, clock) if backend == "embedded" else cluster as world:
        changes, lin, zhao = world.idp.persons.changes, world.lin.account_id, world.zhao.account_id
        there = await changes.propose_merge(lin, zhao, "the same person", SYS)
        back = await changes.propose_merge(zhao, lin, "the same person", SYS)
        tries = [changes.approve(one.id, SEC) for one in (there, back, there, back)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(one is None for one in answers) == 1
        assert {one.code for one in answers if isinstance(one, AppError)} <= {"proposal-decided", "account-status"}
        stays = await by_number(world, world.lin.number)
        assert stays == await by_number(world, world.zhao.number)
        assert stays in (lin, zhao)
        assert (await account_of(world, stays)).status is AccountStatus.ACTIVE
