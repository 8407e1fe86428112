"""Objections: raised once, answered in time by whoever issued, closed only when the licence was put right."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from api.holder_chapters import HolderChapters
from certstore.errors import LicenceNotFound
from certstore.holder_news import News
from certstore.life.change import ChangeCommand
from certstore.life.steps import Step
from certstore.making import HolderInput
from certstore.model import Licence
from certstore.objections.model import DAYS_TO_ANSWER, MOST_EVIDENCE, Act, Objection, ObjectionState
from certstore.objections.raising import ObjectionCommand
from certstore.shares.make import ShareCommand
from certstore.stores.objection_tables import objection as objection_table
from certstore.stores.objection_tables import objection_evidence, objection_step
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.principal import Principal, PrincipalKind
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
)

PDF = b"%PDF-1.7 a page"
SAID = "门牌号写错了，应是 81 号"


async def raised(city: World, licence: Licence, actor: Principal = LIN, **changes: Any) -> Objection:
    command = replace(ObjectionCommand(licence.id, "address", SAID), **changes)
    return await city.own.raise_objection(command, actor)


async def test_the_authority_agrees_corrects_and_closes_and_both_see_it(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    made = await raised(city, permit, evidence=PDF)
    inbox = await city.own.objections.inbox(POLICE_SYSTEM)
    ((row,), waiting, overdue) = (inbox.page.items, inbox.waiting, inbox.overdue)
    assert (row.objection.id, row.field_title.zh, waiting, overdue) == (made.id, "居住地址", 1, 0)
    handle = city.own.handle_objection
    accepted = await handle.accept(made.id, "情况属实，将更正", POLICE_SYSTEM, if_revision=1)
    assert (accepted.state, accepted.due_on > made.due_on) == (ObjectionState.ACCEPTED, True)
    with pytest.raises(Conflict, match="not-corrected-yet"):
        await handle.close(made.id, POLICE_SYSTEM, if_revision=2)
    right = {"address": "示例市青石区演示路 81 号"}
    await city.services.life.change.correct(
        ChangeCommand(Step(permit.id, "k", "门牌号有误"), data=right), POLICE_SYSTEM
    )
    closed = await handle.close(made.id, POLICE_SYSTEM, if_revision=2)
    assert (closed.state, closed.corrected_version) == (ObjectionState.CORRECTED, 2)
    for side in (LIN, POLICE_SYSTEM):
        view = await city.own.objections.one(made.id, side)
        assert [(step.act, step.text) for step in view.steps] == [
            (Act.RAISE, SAID),
            (Act.ACCEPT, "情况属实，将更正"),
            (Act.CORRECT, ""),
        ]
        assert (await city.own.objections.evidence(made.id, side)).content == PDF
    assert [(who, news) for who, news, _ in city.told.written] == [("acc_lin", News.OBJECTION_ANSWERED)] * 2
    assert city.told.sent == city.told.written
    assert (await city.own.objections.inbox(POLICE_SYSTEM)).waiting == 0
    done = (await city.own.objections.inbox(POLICE_SYSTEM, closed=True)).page.items
    assert [one.objection.id for one in done] == [made.id]


async def test_shares_and_objections_are_in_the_copy_of_a_persons_data(city: World) -> None:
    permit = await city.issue_permit()
    await raised(city, permit)
    await city.own.shares.make(ShareCommand(permit.id, ("address",), "给房东看"), LIN)
    source = HolderChapters(city.own.shares, city.own.objections, city.services.entrusting.look)
    shares, objections, entrustments = await source.chapters(LIN)
    assert [(one["purpose"], one["entries"]) for one in shares.entries] == [("给房东看", ["address"])]
    assert [one["state"] for one in objections.entries] == ["open"]
    assert SAID in str(objections.entries)
    for chapter in (shares, objections):
        assert chapter.entries[0].keys() == chapter.labels.keys()
    assert entrustments.entries == []
    assert await source.chapters(PORTAL) == ()


async def test_another_change_is_no_correction(city: World) -> None:
    permit = await city.issue_permit()
    made = await raised(city, permit)
    await city.own.handle_objection.accept(made.id, "情况属实", POLICE_SYSTEM, if_revision=1)
    moved = ChangeCommand(Step(permit.id, "k", "搬家"), data={"address": "示例市另一处"})
    await city.services.life.change.change(moved, POLICE_SYSTEM)
    with pytest.raises(Conflict, match="not-corrected-yet"):
        await city.own.handle_objection.close(made.id, POLICE_SYSTEM, if_revision=2)


async def test_it_is_refused_with_a_reason_or_taken_back_and_then_open_for_another(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    first = await raised(city, permit)
    with pytest.raises(Conflict, match="already-objected"):
        await raised(city, permit)
    with pytest.raises(InvalidInput, match="objection-text-invalid"):
        await city.own.handle_objection.refuse(first.id, " ", POLICE_SYSTEM, if_revision=1)
    await city.own.handle_objection.refuse(first.id, "核对登记表，地址无误", POLICE_SYSTEM, if_revision=1)
    second = await raised(city, permit)
    assert (await city.own.raise_objection.withdraw(second.id, LIN)).state is ObjectionState.WITHDRAWN
    for call in (
        city.own.raise_objection.withdraw(second.id, LIN),
        city.own.handle_objection.accept(second.id, "属实", POLICE_SYSTEM, if_revision=2),
        city.own.handle_objection.accept(first.id, "属实", POLICE_SYSTEM, if_revision=1),
    ):
        with pytest.raises(Conflict, match="objection-moved"):
            await call
    mine = (await city.own.objections.mine(LIN)).items
    assert {one.objection.state for one in mine} == {ObjectionState.REFUSED, ObjectionState.WITHDRAWN}


async def test_of_many_answers_at_once_one_counts(both_cities: World) -> None:
    city = both_cities
    made = await raised(city, await city.issue_permit())
    handle = city.own.handle_objection
    answers = await asyncio.gather(
        *(handle.accept(made.id, "属实", POLICE_SYSTEM, if_revision=1) for _ in range(3)),
        *(handle.refuse(made.id, "不属实", POLICE_SYSTEM, if_revision=1) for _ in range(3)),
        city.own.raise_objection.withdraw(made.id, LIN),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Objection) for one in answers) == 1
    assert {one.code for one in answers if isinstance(one, Conflict)} == {"objection-moved"}
    assert len((await city.own.objections.one(made.id, LIN)).steps) == 2


async def test_of_many_that_are_raised_at_once_one_stands_and_no_file_is_left_named(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    made = await asyncio.gather(*(raised(city, permit, evidence=PDF) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, Objection) for one in made) == 1
    assert await city.rows(objection_evidence) == 1


async def test_l01_nobody_else_sees_or_moves_it(city: World) -> None:
    permit = await city.issue_permit()
    made = await raised(city, permit, evidence=PDF)
    limited = replace(POLICE_SYSTEM, types={"licence:issue": frozenset({STATEMENT})})
    for stranger in (ZHAO, LAND_SYSTEM, PORTAL, limited, Principal(PrincipalKind.STAFF, "acc_audit", POLICE)):
        for call in (city.own.objections.one(made.id, stranger), city.own.objections.evidence(made.id, stranger)):
            with pytest.raises(NotFound, match="objection-not-found"):
                await call
        with pytest.raises((NotFound, NotPermitted)):
            await city.own.handle_objection.refuse(made.id, "不", stranger, if_revision=1)
    with pytest.raises(NotFound, match="objection-not-found"):
        await city.own.raise_objection.withdraw(made.id, ZHAO)
    with pytest.raises(LicenceNotFound):
        await raised(city, permit, ZHAO)
    assert (await city.own.objections.inbox(LAND_SYSTEM)).page.items == []
    assert (await city.own.objections.inbox(limited)).page.items == []


async def test_the_inbox_turns_pages_by_the_day_that_is_due(both_cities: World) -> None:
    city = both_cities
    both = (HolderInput("111", LIN_NUMBER, LIN_NAME), HolderInput("111", ZHAO_NUMBER, "赵映雪"))
    house = await city.issue(PROPERTY, LAND_SYSTEM, HOUSE | {"ownership": "共同共有"}, holders=both)
    order = []
    for about, actor in (("area", LIN), ("location", LIN), ("area", ZHAO), ("whole", ZHAO)):
        order.append((await raised(city, house, actor, about=about)).id)
        city.clock.advance(86400)
    first = (await city.own.objections.inbox(LAND_SYSTEM, limit=3)).page
    rest = (await city.own.objections.inbox(LAND_SYSTEM, cursor=first.next_cursor, limit=3)).page
    assert [one.objection.id for one in (*first.items, *rest.items)] == order
    city.clock.advance(86400 * (DAYS_TO_ANSWER - 3))
    late = await city.own.objections.inbox(LAND_SYSTEM)
    assert (late.waiting, late.overdue, late.page.items[0].overdue) == (4, 1, True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"about": "no_such_entry"}, "objection-field-invalid"),
        ({"text": ""}, "objection-text-invalid"),
        ({"text": f"我是 {LIN_NUMBER}"}, "purpose-personal"),
        ({"evidence": b"<html><script>alert(1)</script>"}, "evidence-invalid"),
        ({"evidence": PDF + bytes(MOST_EVIDENCE)}, "evidence-invalid"),
    ],
)
async def test_what_is_no_objection_is_refused(city: World, changes: dict[str, Any], code: str) -> None:
    permit = await city.issue_permit()
    with pytest.raises(InvalidInput, match=code):
        await raised(city, permit, **changes)
    assert await city.rows(objection_table) == 0


async def test_its_words_are_not_in_the_tables_in_the_clear(city: World) -> None:
    made = await raised(city, await city.issue_permit())
    async with city.database.read() as tx:
        rows = [
            *await tx.connection.execute(select(objection_table)),
            *await tx.connection.execute(select(objection_step)),
        ]
    for secret in (LIN_NUMBER, SAID, HOME["address"]):
        assert secret not in repr([tuple(row) for row in rows])
        assert secret not in repr(made)
    assert PERMIT in repr(rows)


@pytest.mark.parametrize("evil", ["\x00", "a" * 3000, "' OR '1'='1", "%"])
async def test_l21_an_id_is_only_ever_a_key(both_cities: World, evil: str) -> None:
    for call in (
        both_cities.own.objections.one(evil, LIN),
        both_cities.own.handle_objection.refuse(evil, "不属实", POLICE_SYSTEM),
        both_cities.own.raise_objection.withdraw(evil, LIN),
        both_cities.own.shares.withdraw(evil, LIN),
    ):
        with pytest.raises(NotFound):
            await call


async def test_one_key_raises_one_objection_and_answers_with_it(both_cities: World) -> None:
    city = both_cities
    permit = await city.issue_permit()
    made = await asyncio.gather(*(raised(city, permit, evidence=PDF, idempotency_key="k-1") for _ in range(4)))
    assert len({one.id for one in made}) == 1
    assert await city.rows(objection_evidence) == 1
    with pytest.raises(Conflict) as caught:
        await raised(city, permit, evidence=PDF + b" ", idempotency_key="k-1")
    assert caught.value.code == "idempotency-key-reused"
    with pytest.raises(Conflict) as caught:
        await raised(city, permit, evidence=PDF, idempotency_key="k-2")
    assert caught.value.code == "already-objected"
