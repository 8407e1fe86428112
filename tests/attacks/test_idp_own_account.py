"""Attacks on a person's own account pages (rows O-52, O-57, O-68, F-07): what a thief of a session, a guesser or a
neighbour could try, each beside what its owner may do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from core.audit.event import AuditEvent
from core.errors import AppError, InvalidInput, NotAuthenticated, NotFound
from core.principal import Principal, PrincipalKind, Purpose
from idp import history
from idp.export.model import Chapter, ExportState
from idp.factors.errors import NotStrong
from idp.login.circumstances import Circumstances
from idp.login.fresh import NotFresh
from idp.login_history.model import LogInOutcome
from idp.login_history.record import KEPT
from idp.profile import Details, PostalAddress
from tests.attacks.test_idp_codes import column
from tests.conformance.harness import Slow
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, Browser
from tests.support.idp_world import IdpWorld, another_worker, citizen_number, embedded_world
from tests.support.own_account import EDGE, Inside, data_copies, inside, strongly_inside

PARALLEL = 20
STALE = 301  # seconds: just beyond `link_freshness`


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


@pytest.fixture(params=["embedded", "cluster"])
async def slow_world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with column(request, tmp_path, clock, request.param, wrap_kv=Slow) as made:
        yield made


async def guess(world: IdpWorld, number: str, *, source: str = "198.51.100.9", times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(AppError):
            await world.idp.log_in(number, "not the password", Circumstances(source, EDGE))


class TestHistoryOfLogIns:
    """What the owner sees of it, and what it must not give away or grow to."""

    async def test_the_owner_sees_who_came_in_and_who_did_not(self, world: IdpWorld) -> None:
        lin = await inside(world, world.lin)
        world.clock.advance(60)
        await guess(world, world.lin.number, times=3)
        await world.idp.record_log_ins.write()
        tries, own = (await world.idp.own_log_ins.of(lin.principal)).items
        assert (tries.outcome, tries.times, tries.source) == (LogInOutcome.REFUSED, 3, "198.51.100.9")
        assert (tries.reason, tries.session_id) == ("password-wrong", None)
        assert (own.outcome, own.method, own.source) == (LogInOutcome.DONE, "password", "192.0.2.10")
        assert (own.user_agent, own.session_id) == (EDGE, lin.principal.session)

    async def test_o52_a_refusal_writes_nothing_while_somebody_waits(self, world: IdpWorld) -> None:
        """Whether there is an account must not show in the work that is done before the answer."""
        written = world.idp.record_log_ins
        await guess(world, citizen_number(77))
        assert await written.write() == 0
        await guess(world, world.zhao.number)
        async with world.ground.database.read() as tx:
            assert await world.idp.own_log_ins._store.of_account(tx, world.zhao.account_id, before=None, limit=9) == []
        assert await written.write() == 1

    async def test_a_flood_of_tries_stays_small_and_hides_no_log_in(self, world: IdpWorld) -> None:
        lin = await inside(world, world.lin)
        record = world.idp.record_log_ins
        for number in range(KEPT + 50):
            source = f"203.0.113.{number}"
            record.refused(world.lin.account_id, method="password", reason="password-wrong", source=source)
        assert await record.write() == KEPT + 50
        async with world.ground.database.read() as tx:
            kept = await record._store.of_account(tx, world.lin.account_id, before=None, limit=10 * KEPT)
        assert len(kept) == KEPT + 1
        assert [one.session_id for one in kept if one.outcome is LogInOutcome.DONE] == [lin.principal.session]

    async def test_o68_nobody_elses_history(self, world: IdpWorld) -> None:
        lin, zhao = await inside(world, world.lin), await inside(world, world.zhao)
        (own,) = (await world.idp.own_log_ins.of(zhao.principal)).items
        assert own.account_id == world.zhao.account_id
        with pytest.raises(InvalidInput):
            await world.idp.own_log_ins.of(lin.principal, "made-up")


class TestWhoLooked:
    async def test_o68_a_look_by_staff_is_seen_with_its_office_and_reason_and_no_name(self, world: IdpWorld) -> None:
        lin, zhao = await inside(world, world.lin), await inside(world, world.zhao)
        clerk = Principal(PrincipalKind.STAFF, world.clerk.account_id, world.organisation, name="陈素")
        event = AuditEvent("identity.read", "done", clerk, world.lin.account_id, Purpose(basis="核对申请人身份"))
        await world.ground.database.record(event)
        (look,) = (await world.idp.own_history.of(lin.principal, actions=history.LOOKS)).items
        assert (look.office, look.basis, look.client_id) == (world.organisation, "核对申请人身份", None)
        assert "陈素" not in str(look)
        assert world.clerk.account_id not in str(look)
        assert (await world.idp.own_history.of(zhao.principal, actions=history.LOOKS)).items == []


class TestEndingAllOthers:
    async def test_all_others_end_with_their_tokens_and_this_one_stays(self, slow_world: IdpWorld) -> None:
        world = slow_world
        back_end, browser = BackEnd(world, world.portal_a), Browser(world, source="203.0.113.5")
        tokens = await back_end.tokens(await browser.enter(world.portal_a, world.lin, scope="openid offline_access"))
        here, zhao = await inside(world, world.lin), await inside(world, world.zhao)
        await inside(world, world.lin, source="203.0.113.6")
        ended = await asyncio.gather(*(world.idp.own_sessions.end_others(here.principal) for _ in range(4)))
        assert max(ended) == 2
        (left,) = await world.idp.own_sessions.of(here.principal)
        assert left.current
        assert await world.idp.sessions.find(zhao.cookie) is not None, "another person's session stays"
        assert (await back_end.refresh(tokens["refresh_token"])).status_code == 400


class TestDetails:
    """Where messages go decides who can take the account over (ASVS 7.5.1)."""

    async def test_o57_only_shortly_after_a_log_in(self, world: IdpWorld) -> None:
        lin = await strongly_inside(world, world.lin)
        await world.idp.change_details(lin.cookie, Details("lin@citizen.invalid"))
        world.clock.advance(STALE)
        with pytest.raises(NotFresh):
            await world.idp.change_details(lin.cookie, Details("thief@evil.invalid"))
        with pytest.raises(NotAuthenticated):
            await world.idp.change_details(None, Details("thief@evil.invalid"))
        assert (await world.idp.own_account(lin.principal)).details.email == "lin@citizen.invalid"

    async def test_o57_a_password_alone_changes_nothing_where_there_is_a_second_factor(self, world: IdpWorld) -> None:
        """A mailbox that was verified is a way to log in: what adds it must be as strong."""
        thief = await inside(world, world.lin, source="203.0.113.66")
        with pytest.raises(NotStrong):
            await world.idp.change_details(thief.cookie, Details("thief@evil.invalid"))
        await world.idp.change_details((await strongly_inside(world, world.lin)).cookie, Details("lin@citizen.invalid"))
        with pytest.raises(NotStrong):
            await world.idp.confirm_email.send(thief.cookie, source="203.0.113.66", language="zh")
        own, _ = data_copies(world)
        with pytest.raises(NotStrong):
            await own.ask(thief.cookie)

    async def test_nobody_verifies_an_address_by_saying_so(self, world: IdpWorld) -> None:
        lin = await strongly_inside(world, world.lin)
        await world.idp.change_details(lin.cookie, Details("lin@citizen.invalid", email_verified=True))
        assert not (await world.idp.own_account(lin.principal)).details.email_verified

    async def test_a_verified_address_is_so_until_it_changes(self, world: IdpWorld) -> None:
        lin = await strongly_inside(world, world.lin)
        await world.idp.state_details(world.lin.account_id, Details("lin@citizen.invalid", True), lin.principal)
        home = PostalAddress("演示路 18 号", "青石区", "示例市")
        await world.idp.change_details(lin.cookie, Details("lin@citizen.invalid", address=home))
        own = (await world.idp.own_account(lin.principal)).details
        assert (own.email_verified, own.address) == (True, home)
        await world.idp.change_details(lin.cookie, Details("other@citizen.invalid", address=home))
        assert not (await world.idp.own_account(lin.principal)).details.email_verified


class TestConfirmingTheMailbox:
    """The code proves the mailbox that it was sent to, in the session that asked, once (rows O-55, O-68)."""

    async def test_whoever_reads_the_mailbox_verifies_it(self, world: IdpWorld) -> None:
        lin = await stated(world, "lin@citizen.invalid")
        await world.idp.confirm_email(lin.cookie, code_in(world))
        own = (await world.idp.own_account(lin.principal)).details
        assert (own.email, own.email_verified) == ("lin@citizen.invalid", True)
        with pytest.raises(InvalidInput):
            await world.idp.confirm_email(lin.cookie, code_in(world))

    async def test_a_code_for_one_mailbox_verifies_no_other(self, world: IdpWorld) -> None:
        lin = await stated(world, "lin@citizen.invalid")
        code = code_in(world)
        await world.idp.change_details(lin.cookie, Details("victim@citizen.invalid"))
        with pytest.raises(InvalidInput):
            await world.idp.confirm_email(lin.cookie, code)
        assert not (await world.idp.own_account(lin.principal)).details.email_verified

    async def test_a_code_counts_in_the_session_that_asked_only(self, world: IdpWorld) -> None:
        await stated(world, "lin@citizen.invalid")
        other, zhao = await inside(world, world.lin), await inside(world, world.zhao)
        for cookie, error in ((other.cookie, InvalidInput), (zhao.cookie, NotFound), (None, NotAuthenticated)):
            with pytest.raises(error):
                await world.idp.confirm_email(cookie, code_in(world))

    async def test_six_digits_are_not_guessed(self, world: IdpWorld) -> None:
        lin = await stated(world, "lin@citizen.invalid")
        right = code_in(world)
        wrong = f"{(int(right) + 1) % 10**6:06d}"
        for _ in range(5):
            with pytest.raises(InvalidInput):
                await world.idp.confirm_email(lin.cookie, wrong)
        with pytest.raises(InvalidInput):
            await world.idp.confirm_email(lin.cookie, right)

    async def test_many_at_once_use_it_once(self, slow_world: IdpWorld) -> None:
        world = slow_world
        lin = await stated(world, "lin@citizen.invalid")
        code = code_in(world)
        answers = await asyncio.gather(
            *(world.idp.confirm_email(lin.cookie, code) for _ in range(5)), return_exceptions=True
        )
        assert answers.count(None) == 1
        assert (await world.idp.own_account(lin.principal)).details.email_verified


async def stated(world: IdpWorld, email: str) -> Inside:
    """Lin has stated a mailbox just now, and a code is on its way to it."""
    lin = await strongly_inside(world, world.lin)
    await world.idp.change_details(lin.cookie, Details(email))
    await world.idp.confirm_email.send(lin.cookie, source="192.0.2.10", language="zh")
    return lin


def code_in(world: IdpWorld) -> str:
    return world.sender.newest_code()


class TestCopyOfData:
    async def test_it_holds_what_is_kept_and_is_nowhere_in_the_clear(self, world: IdpWorld, tmp_path: Path) -> None:
        lin, (own, make) = await strongly_inside(world, world.lin), data_copies(world)
        await world.idp.change_details(lin.cookie, Details("canary-lin@citizen.invalid"))
        await own.ask(lin.cookie)
        assert await make.run_due() == 1
        export, content = await own.take(lin.cookie)
        assert export.state is ExportState.READY
        chapters = {one["name"]: one["entries"] for one in json.loads(content)["chapters"]}
        (account,) = chapters["account"]
        assert (account["number"], account["email"]) == (world.lin.number, "canary-lin@citizen.invalid")
        assert account["phone"] == world.lin.phone
        assert [one["method"] for one in chapters["log-ins"]] == ["password+sms"]
        assert world.zhao.number.encode() not in content
        for file in tmp_path.rglob("*"):
            if file.is_file():
                octets = file.read_bytes()
                assert b"canary-lin" not in octets, file
                assert world.lin.number.encode() not in octets, file
        taken = [row.content["action"] for row in await world.audit() if "data-copy" in row.content["action"]]
        assert taken == ["data-copy.ask", "data-copy.take"]

    async def test_o57_a_session_that_was_left_open_takes_nothing_away(self, world: IdpWorld) -> None:
        lin, (own, make) = await strongly_inside(world, world.lin), data_copies(world)
        await own.ask(lin.cookie)
        await make.run_due()
        world.clock.advance(STALE)
        with pytest.raises(NotFresh):
            await own.take(lin.cookie)
        with pytest.raises(NotFresh):
            await own.ask(lin.cookie)
        again = await strongly_inside(world, world.lin)
        assert (await own.take(again.cookie))[0].account_id == world.lin.account_id

    async def test_o68_nobody_takes_anothers(self, world: IdpWorld) -> None:
        lin, zhao = await strongly_inside(world, world.lin), await strongly_inside(world, world.zhao)
        own, make = data_copies(world)
        await own.ask(lin.cookie)
        await make.run_due()
        assert await own.of(zhao.principal) is None
        with pytest.raises(NotFound):
            await own.take(zhao.cookie)

    async def test_it_is_gone_after_a_day(self, world: IdpWorld) -> None:
        own, make = data_copies(world)
        await own.ask((await strongly_inside(world, world.lin)).cookie)
        await make.run_due()
        world.clock.advance(24 * 3600)
        later = await strongly_inside(world, world.lin)
        with pytest.raises(NotFound):
            await own.take(later.cookie)
        assert await world.idp.sweep() >= 1
        await own.ask(later.cookie)
        await make.run_due()
        assert (await own.take(later.cookie))[0].state is ExportState.READY

    async def test_many_who_ask_and_many_workers_make_one(self, slow_world: IdpWorld) -> None:
        world = slow_world
        lin, (own, make) = await strongly_inside(world, world.lin), data_copies(world)
        _, other = data_copies(another_worker(world))
        await asyncio.gather(*(own.ask(lin.cookie) for _ in range(PARALLEL)))
        made = await asyncio.gather(make.run_due(), other.run_due(), make.run_due())
        assert sum(made) == 1
        assert len(await world.audit("data-copy.ask")) == 1
        assert (await own.take(lin.cookie))[0].state is ExportState.READY

    async def test_one_that_cannot_be_made_is_given_up_and_told(self, world: IdpWorld) -> None:
        class Broken:
            async def chapters(self, person: Principal) -> Sequence[Chapter]:
                raise OSError("the source is away")

        lin, (own, make) = await strongly_inside(world, world.lin), data_copies(world, [Broken()])
        await own.ask(lin.cookie)
        for _ in range(3):
            assert await make.run_due() == 0
            world.clock.advance(121)
        found = await own.of(lin.principal)
        assert found is not None
        assert found.state is ExportState.FAILED
        again, (_, mended) = await strongly_inside(world, world.lin), data_copies(world)
        await own.ask(again.cookie)
        assert await mended.run_due() == 1
