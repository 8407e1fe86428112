"""Each step in a licence's life: what it leads to, what it makes, and what it is refused for."""

from __future__ import annotations

import datetime as dt

import pytest

from certstore.documents import sha256_of
from certstore.errors import AlreadyHeld, LicenceNotFound, RevisionMoved, StepNotForType, TransitionNotAllowed
from certstore.history import GENESIS, version_hash
from certstore.identifier import parse_identifier
from certstore.issue import IssueCommand
from certstore.life.steps import Step
from certstore.lifecycle import Event, State
from certstore.making import HolderInput, facts_of
from certstore.model import LifeProfile, Trust
from certstore.status import Status
from certstore.stores.files import SqlFileStore
from core.errors import Conflict, InvalidInput, NotPermitted
from tests.support.certstore_world import (
    HOME,
    HOUSE,
    LAND_SYSTEM,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    PERMIT,
    POLICE,
    POLICE_SYSTEM,
    PORTAL,
    PROPERTY,
    STATEMENT,
    ZHAO,
    ZHAO_NUMBER,
    World,
    client,
)
from tests.support.licence_life import OFFICER, WEI, YEARLY, Life

OTHER_REGION = "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F"
OTHER_HOME = {"address": "示例市新城区演示大道 1 号"}


@pytest.fixture
def life(city: World) -> Life:
    return Life(city)


async def test_a_renewal_makes_the_next_version_which_supersedes_the_one_before(both_cities: World) -> None:
    city, life = both_cities, Life(both_cities)
    first = await city.issue_permit()
    await life.renew(first)
    stored, versions = await life.stored(first), await life.versions(first)
    assert [(one.number, one.made_by, one.based_on) for one in versions] == [
        (1, Event.ISSUE, None),
        (2, Event.RENEW, first.current.identifier),
    ]
    old, new = (parse_identifier(one.identifier) for one in versions)
    assert (old.serial, old.version, new.serial, new.version) == (old.serial, "001", old.serial, "002")
    assert first.current.valid_until is not None
    assert stored.current.valid_from == first.current.valid_from, "no gap, and not in the future"
    assert stored.current.valid_until == dt.date(first.current.valid_until.year + 1, 11, 22)
    asked = await city.services.verify.by_identifier(first.current.identifier, PORTAL)
    assert asked.facts is not None
    assert (asked.facts.status, asked.facts.superseded_by) == (Status.SUPERSEDED, stored.current.identifier)
    now = await city.services.verify.by_identifier(stored.current.identifier, PORTAL)
    assert now.facts is not None
    assert now.facts.status is Status.VALID


async def test_later_versions_are_sealed_with_the_seal_that_was_chosen_at_issue(both_cities: World) -> None:
    city, life = both_cities, Life(both_cities)
    city.sealer.codes = {"4101990000017": f"licence_seal_of_{POLICE}"}
    first = await city.issue_permit(seal_code="4101990000017")
    await life.renew(first)
    await life.change(first, data=OTHER_HOME)
    city.sealer.codes.clear()  # revoked
    await life.reissue(first)
    async with city.database.read() as tx:
        files = [await SqlFileStore().original(tx, first.id, number) for number in (1, 2, 3, 4)]
    chosen, official = f"licence_seal_of_{POLICE}", f"seal_of_{POLICE}"
    assert [one.seal_id if one else "" for one in files] == [chosen, chosen, chosen, official]


async def test_the_versions_are_chained_over_their_files(life: Life) -> None:
    made = await life.change(await life.renew(await life.city.issue_permit()), OTHER_HOME)
    previous = GENESIS
    for version in await life.versions(made):
        file = await life.city.services.read.original(made.id, POLICE_SYSTEM, version.number)
        assert version.previous == previous
        assert version.hash == version_hash(facts_of(version, sha256_of(file.content)), previous)
        previous = version.hash


async def test_the_qr_code_of_an_older_face_says_that_it_is_superseded(life: Life) -> None:
    first = await life.city.issue_permit()
    second = await life.reissue(first, reason="本人报失")
    verify = life.city.services.verify
    old = await verify.by_code(first.verification_code, LIN)
    new = await verify.by_code(f"{first.verification_code}.2", LIN)
    assert old.facts is not None
    assert new.facts is not None
    assert (old.facts.status, old.facts.superseded_by) == (Status.SUPERSEDED, second.current.identifier)
    assert (new.facts.status, new.facts.version) == (Status.VALID, 2)
    assert (await verify.by_code(f"{first.verification_code}.x", LIN)).facts == old.facts


async def test_after_the_end_a_renewal_begins_today(life: Life) -> None:
    first = await life.city.issue_permit()
    life.city.clock.advance(400 * 86400)
    made = await life.renew(first)
    assert made.state is State.VALID
    assert made.current.valid_from == life.city.today
    assert [change.event for change in await life.history(made)] == [Event.ISSUE, Event.RENEW]


async def test_a_stated_end_must_move_and_a_licence_without_end_is_not_renewed(life: Life) -> None:
    today = life.city.today
    stated = await life.city.issue(STATEMENT, LAND_SYSTEM, {"months": 12}, valid_until=today)
    with pytest.raises(InvalidInput) as raised:
        await life.renew(stated, valid_until=today)
    assert raised.value.code == "validity-invalid"
    until = today + dt.timedelta(days=30)
    assert (await life.renew(stated, valid_until=until)).current.valid_until == until
    with pytest.raises(Conflict) as refused:
        await life.renew(await life.city.issue_property())
    assert refused.value.code == "nothing-to-renew"


async def test_a_change_to_another_holder_moves_the_licence_and_its_mark(life: Life) -> None:
    permit = await life.city.issue_permit()
    await life.change(permit, holders=[HolderInput("111", ZHAO_NUMBER, "赵映雪")])
    assert (await life.city.services.read.licence(permit.id, ZHAO)).licence.current.number == 2
    with pytest.raises(LicenceNotFound):
        await life.city.services.read.licence(permit.id, LIN)
    await life.city.issue_permit()  # the former holder may have one again
    with pytest.raises(AlreadyHeld):
        await life.city.issue_permit(ZHAO_NUMBER, "赵映雪")


async def test_a_change_that_changes_nothing_or_the_dates_is_refused(life: Life) -> None:
    permit = await life.city.issue_permit()
    with pytest.raises(InvalidInput) as nothing:
        await life.change(permit, HOME)
    with pytest.raises(InvalidInput) as dates:
        await life.change(permit, OTHER_HOME, valid_from=dt.date(2026, 1, 1))
    assert (nothing.value.code, dates.value.code) == ("nothing-changed", "validity-invalid")
    with pytest.raises(InvalidInput) as unfit:
        await life.change(permit, {"address": 1})
    assert unfit.value.field == "address"
    assert (await life.stored(permit)).revision == 1


async def test_a_correction_mends_dates_under_the_type_that_it_was_issued_under(life: Life) -> None:
    permit = await life.city.issue_permit()
    strict = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    await life.retype(PERMIT, schema=strict)
    corrected = await life.correct(permit, OTHER_HOME, valid_from=dt.date(2026, 3, 1))
    assert (corrected.current.valid_from, corrected.current.valid_until) == (
        dt.date(2026, 3, 1),
        dt.date(2027, 2, 28),
    )
    assert corrected.current.type_version == 1
    with pytest.raises(InvalidInput):  # the twin: a renewal follows the newest version, which has no address
        await life.renew(corrected)


async def test_suspension_makes_no_version_and_still_runs_out_by_date(life: Life) -> None:
    permit = await life.city.issue_permit()
    suspended = await life.suspend(permit)
    assert (suspended.state, suspended.current.number) == (State.SUSPENDED, 1)
    assert (await life.city.search())[0].status is Status.SUSPENDED
    assert (await life.resume(permit)).state is State.VALID
    await life.suspend(permit)
    life.city.clock.advance(400 * 86400)
    with pytest.raises(TransitionNotAllowed):
        await life.resume(permit)


async def test_an_inspection_covers_the_next_term_without_gap_or_suspends(life: Life) -> None:
    await life.retype(PROPERTY, inspection=YEARLY)
    house = await life.city.issue_property()
    assert house.inspected_until == dt.date(2027, 11, 22)
    with pytest.raises(Conflict) as early:
        await life.passed(house)
    assert early.value.code == "inspection-too-early"
    life.city.clock.advance(310 * 86400)
    assert (await life.passed(house, reason="")).inspected_until == dt.date(2028, 11, 22)
    life.city.clock.advance(800 * 86400)  # long overdue: still valid, for only an act takes a licence away
    assert (await life.stored(house)).state is State.VALID
    assert (await life.failed(house)).state is State.SUSPENDED
    back = await life.passed(house)
    assert (back.state, back.inspected_until) == (
        State.VALID,
        life.city.today.replace(year=2030) - dt.timedelta(days=1),
    )
    with pytest.raises(Conflict) as none:
        await life.passed(await life.city.issue_permit())
    assert none.value.code == "no-inspections"


async def test_a_round_lists_what_is_due_soonest_first_and_counts_all(both_cities: World) -> None:
    city, life = both_cities, Life(both_cities)
    old = await city.issue_property()  # from before the type had inspections
    await life.retype(PROPERTY, inspection=YEARLY)
    made = [await city.issue_property(valid_from=city.today - dt.timedelta(days=days)) for days in (380, 330, 10)]
    first = await city.services.life.inspect.round(PROPERTY, WEI, limit=2)
    rest = await city.services.life.inspect.round(PROPERTY, WEI, first.page.next_cursor, limit=2)
    assert [one.licence_id for one in (*first.page.items, *rest.page.items)] == [old.id, made[0].id, made[1].id]
    assert {name.value: count for name, count in first.counts.items()} == {"covered": 1, "due": 2, "overdue": 1}
    with pytest.raises(NotPermitted):
        await city.services.life.inspect.round(PROPERTY, PORTAL)
    nothing = await city.services.life.inspect.round(PROPERTY, OFFICER)
    assert sum(nothing.counts.values()) == 0, "another authority's licences are not in it"


async def test_a_transferred_licence_becomes_one_licence_elsewhere(both_cities: World) -> None:
    city, life = both_cities, Life(both_cities)
    statement = await city.issue(STATEMENT, LAND_SYSTEM, {"months": 9}, valid_until=city.today)
    command = IssueCommand(
        STATEMENT, (HolderInput("111", LIN_NUMBER, LIN_NAME),), {"months": 9}, "in-1", valid_until=city.today
    )
    into = city.services.life.transfer.into
    with pytest.raises(TransitionNotAllowed):
        await into(command, statement.current.identifier, POLICE_SYSTEM)
    await life.transfer_out(statement, reason="转往示例新区")
    await life.transfer_undo(statement)
    await life.transfer_out(statement, reason="转往示例新区")
    taken = await into(command, statement.current.identifier, POLICE_SYSTEM)
    assert (taken.current.based_on, taken.current.made_by) == (statement.current.identifier, Event.TRANSFER_IN)
    with pytest.raises(Conflict) as gone:
        await life.transfer_undo(statement)
    assert gone.value.code == "transferred-in"
    assert (await life.stored(statement)).state is State.TRANSFERRED_OUT
    await life.end(taken, Event.ANNUL)  # issued in error: the twin may be undone again
    assert (await life.transfer_undo(statement)).state is State.VALID


async def test_a_licence_of_another_region_comes_in_once_and_with_a_right_check_character(life: Life) -> None:
    def command(key: str) -> IssueCommand:
        return IssueCommand(PROPERTY, (HolderInput("111", LIN_NUMBER, LIN_NAME),), HOUSE, key)

    into = life.services.transfer.into
    with pytest.raises(InvalidInput) as wrong:
        await into(command("a"), OTHER_REGION[:-1] + "A", LAND_SYSTEM)
    assert wrong.value.code == "identifier-check-wrong"
    made = await into(command("a"), OTHER_REGION, LAND_SYSTEM)
    assert (await into(command("a"), OTHER_REGION, LAND_SYSTEM)).id == made.id
    with pytest.raises(Conflict) as twice:
        await into(command("b"), OTHER_REGION, LAND_SYSTEM)
    assert twice.value.code == "transferred-in"


async def test_a_clerk_who_saw_the_original_lifts_an_uploaded_licence_to_level_b(life: Life) -> None:
    from certstore.issue import Origin

    command = IssueCommand(PERMIT, (HolderInput("111", LIN_NUMBER, LIN_NAME),), HOME, "uploaded")
    uploaded = await life.city.services.issue(command, POLICE_SYSTEM, Origin(trust=Trust.C))
    step = Step(uploaded.id, "seen", "已核对居住证原件")
    with pytest.raises(NotPermitted):
        await life.services.confirm(step, POLICE_SYSTEM)
    confirmed = await life.services.confirm(step, OFFICER)
    assert (confirmed.current.trust, confirmed.current.made_by) == (Trust.B, Event.CONFIRM)
    with pytest.raises(Conflict) as closed:
        await life.services.confirm(Step(uploaded.id, "again", "已核对"), OFFICER)
    assert closed.value.code == "trust-not-open"
    assert (await life.renew(confirmed)).current.trust is Trust.A, "what the authority makes anew is its own"


async def test_the_types_profile_closes_steps(life: Life) -> None:
    house = await life.city.issue_property()
    await life.retype(PROPERTY, profile=LifeProfile(frozenset(Event) - {Event.SUSPEND, Event.CANCEL}))
    for refused in (life.suspend(house), life.end(house, Event.CANCEL)):
        with pytest.raises(StepNotForType):
            await refused
    assert (await life.end(house, Event.WITHDRAW)).state is State.WITHDRAWN


async def test_a_step_is_taken_once_per_key_and_only_on_what_was_seen(life: Life) -> None:
    permit = await life.city.issue_permit()
    with pytest.raises(RevisionMoved):
        await life.renew(permit, seen=2)
    first = await life.renew(permit, key="k", seen=1)
    again = await life.renew(permit, key="k", seen=1)
    assert first == again == await life.stored(permit)
    with pytest.raises(Conflict) as reused:
        await life.renew(permit, key="k", data=OTHER_HOME)
    assert reused.value.code == "idempotency-key-reused"
    assert len(await life.versions(permit)) == 2


async def test_another_authority_finds_nothing_and_a_role_only_its_types(life: Life) -> None:
    permit = await life.city.issue_permit()
    before = len(await life.city.events())
    with pytest.raises(LicenceNotFound):
        await life.services.suspend.suspend(life.step(permit), LAND_SYSTEM)
    limited = client("limited", OFFICER.organisation or "", "licence:issue")
    object.__setattr__(limited, "types", {"licence:issue": frozenset({STATEMENT})})
    with pytest.raises(NotPermitted):
        await life.services.suspend.suspend(life.step(permit), limited)
    with pytest.raises(InvalidInput):
        await life.suspend(permit, reason=" ")
    events = (await life.city.events())[before:]
    assert [(one["action"], one["outcome"]) for one in events] == [("licence.suspend", "refused")] * 2


async def test_each_step_is_one_audit_event(life: Life) -> None:
    permit = await life.city.issue_permit()
    before = len(await life.city.events())
    await life.renew(permit)
    await life.suspend(permit)
    await life.resume(permit)
    events = (await life.city.events())[before:]
    assert [(one["action"], one["outcome"], one["subject"]) for one in events] == [
        (f"licence.{name}", "done", permit.id) for name in ("renew", "suspend", "resume")
    ]


async def test_what_has_run_out_is_written_down_once_and_says_the_same_before_and_after(both_cities: World) -> None:
    city, life = both_cities, Life(both_cities)
    permit, house = await city.issue_permit(), await city.issue_property()
    expire = city.services.life.expire
    city.clock.advance(364 * 86400)
    assert await expire() == 0, "the last day counts"
    city.clock.advance(86400)
    before = (await city.search())[0].status
    assert await expire() == 1
    assert await expire() == 0
    assert (await city.search())[0].status is before is Status.EXPIRED
    assert [change.event for change in await life.history(permit)][-1] is Event.EXPIRE
    assert (await life.stored(house)).state is State.VALID
    assert (await life.renew(permit)).state is State.VALID
    city.clock.advance(366 * 86400)
    assert await expire() == 1, "the next term runs out too"
