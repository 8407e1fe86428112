"""Registration: what is typed is read, the phone is reached, a source agrees, and nobody learns who has an account."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.demo.sources.registers import KnownPerson, Mood, Registers
from core.errors import AppError, InvalidInput
from core.identifiers.citizen_id import parse_citizen_id
from core.identifiers.documents import DocumentKind, parse_document
from idp.login.circumstances import Circumstances
from idp.login.steps import SignedIn
from idp.messages.templates import HAS_ACCOUNT
from idp.model import Account
from idp.persons.registering import RegistrationGone, Stage, Stated
from tests.support.clock import START, FakeClock
from tests.support.idp_world import IdpWorld, citizen_number, embedded_world

HERE = Circumstances("192.0.2.1", "Browser 1.0")
NEW, NAME, PHONE, PASSWORD = citizen_number(501), "周可", "13800000501", "wandering violet kettle"
STATED = Stated(DocumentKind.CITIZEN_ID, NEW, NAME, PHONE, PASSWORD, agreed=True)
PASSPORT = dataclasses.replace(STATED, kind=DocumentKind.PASSPORT, number="k1234567e", issuer="SGP", name="Mary Tan")


@pytest.fixture
def registers() -> Registers:
    return Registers({NEW: KnownPerson(NEW, NAME)}, {})


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock, registers: Registers) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock, registers=registers) as made:
        for one in (made.lin, made.zhao):
            registers.add(KnownPerson(one.number, one.name))
        yield made


async def through(world: IdpWorld, stated: Stated, here: Circumstances = HERE) -> None:
    """All of it, with the code that came to the phone."""
    registration = await world.idp.persons.register.begin(stated, here, "zh")
    await world.idp.persons.register.confirm(registration, world.sender.code(stated.phone))


async def holder(world: IdpWorld, number: str) -> Account | None:
    found = await world.idp.directory.account_by_citizen_id(parse_citizen_id(number, today=START.date()))
    if found is None:
        return None
    async with world.ground.database.read() as tx:
        return await world.idp.steps._accounts.get(tx, found)


async def test_whoever_the_source_knows_is_at_level_2_and_logs_in(world: IdpWorld) -> None:
    typed = dataclasses.replace(STATED, number=f" {NEW[:6]}－{NEW[6:14]} {NEW[14:].lower()}", name=f" {NAME}\u3000")
    await through(world, typed)
    account = await holder(world, NEW)
    assert account is not None
    assert account.level == 2
    done = await world.idp.log_in(NEW, PASSWORD, HERE)
    assert isinstance(done, SignedIn)
    (event,) = await world.audit("account.register")
    assert (event.content["outcome"], event.content["subject"]) == ("done", account.id)
    assert NEW not in str(event.content)
    assert NAME not in str(event.content)


async def test_a_document_that_no_source_knows_is_the_persons_word_and_nobodys_key(world: IdpWorld) -> None:
    await through(world, PASSPORT)
    assert isinstance(await world.idp.log_in(PHONE, PASSWORD, HERE), SignedIn)
    document = parse_document(DocumentKind.PASSPORT, "K1234567E", state="SGP", today=START.date())
    assert await world.idp.directory.account_by_document(document) is None
    other = dataclasses.replace(PASSPORT, phone="13800000502", name="Li Tan")
    await through(world, other)  # it does not stand in the way of whoever has it
    assert isinstance(await world.idp.log_in("13800000502", PASSWORD, HERE), SignedIn)


async def test_o_52_who_has_an_account_gets_the_same_answer_and_a_message(world: IdpWorld) -> None:
    before = await holder(world, world.lin.number)
    taken = dataclasses.replace(STATED, number=world.lin.number, name=world.lin.name)
    await through(world, taken)
    assert await holder(world, world.lin.number) == before
    assert [one.template for one in world.sender.to(world.lin.phone)] == [HAS_ACCOUNT]
    assert all(one.template != HAS_ACCOUNT for one in world.sender.to(PHONE)), "the asking phone learns nothing"
    with pytest.raises(AppError) as refused:
        await world.idp.log_in(world.lin.number, PASSWORD, HERE)
    assert refused.value.code == "password-wrong"
    assert [one.content["outcome"] for one in await world.audit("account.register")] == ["refused"]


async def test_a_phone_that_is_somebodys_opens_no_second_account(world: IdpWorld) -> None:
    await through(world, dataclasses.replace(STATED, phone=world.zhao.phone))
    assert await holder(world, NEW) is None
    assert [one.template for one in world.sender.to(world.zhao.phone)][-1] == HAS_ACCOUNT


async def test_name_and_number_that_differ_are_said_after_the_code_and_end_it(
    world: IdpWorld, registers: Registers
) -> None:
    register = world.idp.persons.register
    registration = await register.begin(dataclasses.replace(STATED, name="周克"), HERE, "zh")
    assert registers._asked == 0, "only who has a phone in their hands may ask"
    with pytest.raises(InvalidInput) as refused:
        await register.confirm(registration, world.sender.code(PHONE))
    assert (refused.value.code, refused.value.field) == ("person-differs", "name")
    with pytest.raises(RegistrationGone):
        await register.confirm(registration, world.sender.code(PHONE))
    registers.report_death(NEW, START.date())
    world.clock.advance(120)
    with pytest.raises(InvalidInput, match="person-differs"):
        await through(world, STATED)
    assert await holder(world, NEW) is None


async def test_while_the_source_is_away_nothing_is_opened_and_the_code_need_not_come_again(
    world: IdpWorld, registers: Registers
) -> None:
    register, registers.mood = world.idp.persons.register, Mood(maintenance=True)
    registration = await register.begin(STATED, HERE, "zh")
    with pytest.raises(AppError) as refused:
        await register.confirm(registration, world.sender.code(PHONE))
    assert refused.value.code == "source-away"
    assert await holder(world, NEW) is None
    assert (await register.waiting(registration)).stage is Stage.SOURCE
    registers.mood = Mood()
    await register.confirm(registration, "")
    assert await holder(world, NEW) is not None


async def test_a_wrong_code_opens_nothing(world: IdpWorld) -> None:
    register = world.idp.persons.register
    registration = await register.begin(STATED, HERE, "zh")
    right = world.sender.code(PHONE)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        with pytest.raises(InvalidInput):
            await register.confirm(registration, wrong)
    with pytest.raises(InvalidInput, match="code-gone"):
        await register.confirm(registration, right)
    assert await holder(world, NEW) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": NEW[:-1] + ("1" if NEW[-1] != "1" else "2")}, "id_number"),
        ({"name": "12"}, "name"),
        ({"name": "周\u202e可"}, "name"),
        ({"phone": "1380000"}, "phone"),
        ({"password": "short"}, "password"),
        ({"password": f"my {PHONE} phone"}, "password"),
        ({"agreed": False}, "agreed"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_no_code_is_sent(
    world: IdpWorld, change: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await world.idp.persons.register.begin(dataclasses.replace(STATED, **change), HERE, "zh")  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not world.sender.sent


async def test_of_two_at_once_one_opens_the_account(world: IdpWorld) -> None:
    register = world.idp.persons.register
    first = await register.begin(STATED, HERE, "zh")
    one = world.sender.code(PHONE)
    second = await register.begin(dataclasses.replace(STATED, phone="13800000502"), HERE, "zh")
    other = world.sender.code("13800000502")
    await asyncio.gather(register.confirm(first, one), register.confirm(second, other))
    outcomes = sorted(event.content["outcome"] for event in await world.audit("account.register"))
    assert outcomes == ["done", "refused"]
    with pytest.raises(RegistrationGone):
        await register.confirm(first, one)
