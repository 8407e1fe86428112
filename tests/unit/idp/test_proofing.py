"""Levels rise with evidence and fall with it: registers, codes to the phone, two clerks, reports of deaths."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.demo.sources.registers import KnownPerson, Mood, Registers
from api.wiring.idp import sql_stores
from core.errors import AppError
from core.principal import SYSTEM, Principal, PrincipalKind
from idp.evidence.model import EvidenceKind, NewEvidence
from idp.login.sessions import Visit
from idp.model import Account, AccountStatus, Session
from idp.people import NewAccount
from idp.proofing.ports import SourceAway
from idp.proofing.window import Presented
from idp.proofing.window_model import WindowDocument, WindowState
from idp.protocol.scopes import IDENTITY_PROVE
from tests.support.clock import START, FakeClock
from tests.support.idp_world import PASSWORD, IdpWorld, citizen_number, embedded_world

NUMBER, NAME, PHONE = citizen_number(40), "周一宁", "13700000040"
CARD = Presented(NUMBER, WindowDocument.ID_CARD, dt.date(2030, 5, 1))
DAY = 86400


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    registers = Registers({NUMBER: KnownPerson(NUMBER, NAME)}, {})
    async with embedded_world(tmp_path, clock, registers=registers) as world:
        world.extra["registers"] = registers
        yield world


async def _newcomer(world: IdpWorld, name: str = NAME) -> Account:
    made = await world.idp.create_account(NewAccount(NUMBER, name, PASSWORD, PHONE, level=0), SYSTEM)
    return await _account(world, made)


async def _account(world: IdpWorld, account_id: str) -> Account:
    async with world.ground.database.read() as tx:
        found = await sql_stores().accounts.get(tx, account_id)
    assert found is not None
    return found


def _self(account: Account) -> Principal:
    return Principal(PrincipalKind.PERSON, account.id)


def _visit(account: Account) -> Visit:
    return Visit(Session("ses_1", "digest", account.id, START, START, START + dt.timedelta(hours=1)), account)


def _clerk(world: IdpWorld, account_id: str, organisation: str | None = None) -> Principal:
    return Principal(
        PrincipalKind.STAFF,
        account_id,
        organisation=organisation or world.organisation,
        scopes=frozenset({IDENTITY_PROVE}),
    )


async def test_number_and_phone_make_level_two_in_either_order(world: IdpWorld) -> None:
    account = await _newcomer(world)
    prove = world.idp.proofing
    await prove.prove_phone.send(_visit(account), "192.0.2.1", "zh")
    assert await prove.prove_phone.check(_visit(account), world.sender.code(PHONE)) == 0  # a phone alone proves nobody
    assert await prove.check(account, _self(account)) == 2
    assert (await _account(world, account.id)).level == 2
    raised = await world.audit("account.raise-level")
    assert raised[-1].content["detail"] == {"from": 0, "to": 2}


async def test_another_name_than_the_registers_proves_nothing(world: IdpWorld) -> None:
    account = await _newcomer(world, "周一宇")
    with pytest.raises(AppError) as refused:
        await world.idp.proofing.check(account, _self(account))
    assert refused.value.code == "identity-differs"
    assert NAME not in str(refused.value.text.zh)
    assert (await _account(world, account.id)).level == 0


async def test_a_register_that_is_away_changes_nothing(world: IdpWorld) -> None:
    account = await _newcomer(world)
    world.extra["registers"].mood = Mood(maintenance=True)
    with pytest.raises(SourceAway):
        await world.idp.proofing.check(account, _self(account))
    assert (await _account(world, account.id)).level == 0


async def test_checks_are_bounded_by_the_day(world: IdpWorld, clock: FakeClock) -> None:
    account = await _newcomer(world)
    for _ in range(5):
        await world.idp.proofing.check(account, _self(account))
    with pytest.raises(AppError) as refused:
        await world.idp.proofing.check(account, _self(account))
    assert refused.value.code == "too-many-checks"
    clock.advance(DAY + 1)
    await world.idp.proofing.check(account, _self(account))


async def test_evidence_runs_out_and_the_level_falls(world: IdpWorld, clock: FakeClock) -> None:
    account = await _newcomer(world)
    prove = world.idp.proofing
    await prove.check(account, _self(account))
    await prove.prove_phone.send(_visit(account), "192.0.2.1", "zh")
    await prove.prove_phone.check(_visit(account), world.sender.code(PHONE))
    clock.advance(2 * 365 * DAY)
    await prove.keep_up.once()
    assert (await _account(world, account.id)).level == 1  # the phone is due again
    clock.advance(3 * 365 * DAY)
    await prove.keep_up.once()
    assert (await _account(world, account.id)).level == 0


async def test_two_clerks_make_level_three_and_a_key_level_four(world: IdpWorld) -> None:
    account = await _newcomer(world)
    window = world.idp.proofing.window
    proof_id = await window.record(CARD, _clerk(world, world.clerk.account_id))
    (waiting,) = await window.waiting(_clerk(world, world.zhao.account_id))
    assert (waiting.proof.id, waiting.person.name, waiting.own) == (proof_id, NAME, False)
    state = await window.decide(proof_id, agrees=True, clerk=_clerk(world, world.zhao.account_id))
    assert state is WindowState.CONFIRMED
    seen = await _account(world, account.id)
    assert seen.level == 3
    async with world.ground.database.write() as tx:
        key = NewEvidence(EvidenceKind.BOUND_KEY, "passkey", by=account.id, reference="pky_1")
        assert await world.idp.proofing.book.add(tx, account.id, key, SYSTEM) == 4
        await tx.commit()


@pytest.mark.parametrize("who", ["recorder", "themselves", "another-office", "no-clerk"])
async def test_o68_nobody_confirms_alone_or_for_themselves(world: IdpWorld, who: str) -> None:
    account = await _newcomer(world)
    window = world.idp.proofing.window
    proof_id = await window.record(CARD, _clerk(world, world.clerk.account_id))
    wrong = {
        "recorder": _clerk(world, world.clerk.account_id),
        "themselves": _clerk(world, account.id),
        "another-office": _clerk(world, world.zhao.account_id, "11410199DEMA00099X"),
        "no-clerk": Principal(PrincipalKind.STAFF, world.zhao.account_id, organisation=world.organisation),
    }[who]
    with pytest.raises(AppError) as refused:
        await window.decide(proof_id, agrees=True, clerk=wrong)
    assert refused.value.code in ("second-clerk-needed", "proof-not-found", "not-a-window-clerk")
    assert (await _account(world, account.id)).level == 1  # what the register said when it was recorded
    await window.decide(proof_id, agrees=True, clerk=_clerk(world, world.zhao.account_id))
    assert (await _account(world, account.id)).level == 3


async def test_of_many_second_clerks_one_decides(world: IdpWorld) -> None:
    await _newcomer(world)
    window = world.idp.proofing.window
    proof_id = await window.record(CARD, _clerk(world, world.clerk.account_id))
    second = _clerk(world, world.zhao.account_id)
    answers = await asyncio.gather(
        *(window.decide(proof_id, agrees=bool(n % 2), clerk=second) for n in range(6)), return_exceptions=True
    )
    assert sum(isinstance(one, WindowState) for one in answers) == 1


async def test_an_expired_document_and_a_late_second_look_prove_nothing(world: IdpWorld, clock: FakeClock) -> None:
    await _newcomer(world)
    window, first = world.idp.proofing.window, _clerk(world, world.clerk.account_id)
    with pytest.raises(AppError) as refused:
        await window.record(dataclasses.replace(CARD, document_until=dt.date(2026, 11, 22)), first)
    assert refused.value.code == "document-expired"
    proof_id = await window.record(CARD, first)
    clock.advance(3601)
    with pytest.raises(AppError) as late:
        await window.decide(proof_id, agrees=True, clerk=_clerk(world, world.zhao.account_id))
    assert late.value.code == "proof-decided"


async def test_a_reported_death_puts_the_account_out_of_use_once(world: IdpWorld) -> None:
    account = await _newcomer(world)
    world.extra["registers"].report_death(NUMBER, dt.date(2026, 11, 20))
    assert await world.idp.proofing.follow() == 1
    assert (await _account(world, account.id)).status is AccountStatus.FROZEN
    assert await world.idp.proofing.follow() == 0
    assert len(await world.audit("account.death-reported")) == 1


async def test_a_register_that_reports_a_death_when_asked_freezes_too(world: IdpWorld) -> None:
    account = await _newcomer(world)
    world.extra["registers"].report_death(NUMBER, dt.date(2026, 11, 20))
    with pytest.raises(AppError) as refused:
        await world.idp.proofing.check(account, _self(account))
    assert refused.value.code == "person-reported-dead"
    assert (await _account(world, account.id)).status is AccountStatus.FROZEN


async def test_o55_a_code_to_the_phone_counts_for_this_log_in_and_this_number_once(world: IdpWorld) -> None:
    account = await _newcomer(world)
    prove, here = world.idp.proofing.prove_phone, _visit(account)
    await prove.send(here, "192.0.2.1", "zh")
    code = world.sender.code(PHONE)
    session = dataclasses.replace(here.session, cookie_digest="of another log-in")
    for wrong in (dataclasses.replace(here, session=session), _visit(await _account(world, world.lin.account_id))):
        with pytest.raises(AppError) as refused:
            await prove.check(wrong, code)
        assert refused.value.code == "code-gone"
    await prove.check(here, code)
    with pytest.raises(AppError):
        await prove.check(here, code)


async def test_a_window_serves_people_with_other_documents(world: IdpWorld) -> None:
    """Whoever is known by no such document is unknown, and the number is judged by its own rules."""
    window, clerk = world.idp.proofing.window, _clerk(world, world.clerk.account_id)
    permit = Presented("H12345678", WindowDocument.HK_MACAO_PERMIT, dt.date(2030, 5, 1))
    with pytest.raises(AppError) as unknown:
        await window.record(permit, clerk)
    assert unknown.value.code == "person-unknown"
    with pytest.raises(AppError) as invalid:
        await window.record(dataclasses.replace(permit, number="X1"), clerk)
    assert invalid.value.code == "document-invalid"


async def test_what_is_proved_again_and_again_does_not_pile_up(world: IdpWorld, clock: FakeClock) -> None:
    account = await _newcomer(world)
    for _ in range(4):
        await world.idp.proofing.check(account, _self(account))
        clock.advance(DAY)
    own = await world.idp.proofing.own(account.id)
    assert len(own.counting) == 1
    assert own.ends_before(clock.now() + dt.timedelta(days=60)) is None
    clock.advance((3 * 365 + 1) * DAY)
    await world.idp.sweep()
    async with world.ground.database.read() as tx:
        assert len(await world.idp.proofing.book.of(tx, account.id)) == 1, "the one that counts"
    assert own.ends_before(clock.now() + dt.timedelta(days=2 * 365)) is not None
