"""Lin entrusts Zhao: what tests of entrusting have in common."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from certstore.entrust.give import NewEntrustment
from certstore.entrust.model import Entrustment, EntrustmentStory
from certstore.exchange.people import ActingFor, PersonalAnswer, PersonalQuestion
from core.errors import AppError
from core.principal import Principal, PrincipalKind
from tests.support.certstore_world import (
    BASIS,
    CASE,
    CHEN_NUMBER,
    ITEM,
    LIN,
    LIN_NUMBER,
    PERMIT,
    PORTAL,
    PROPERTY,
    ZHAO,
    ZHAO_NUMBER,
    World,
)

CHEN = Principal(PrincipalKind.PERSON, "acc_chen", session="s-chen")
NAMES = {LIN_NUMBER: "林知远", ZHAO_NUMBER: "赵映雪", CHEN_NUMBER: "陈素"}


async def refused(call: Any) -> str:
    with pytest.raises(AppError) as raised:
        await call
    return raised.value.code


def new(city: World, number: str = ZHAO_NUMBER, **changes: Any) -> NewEntrustment:
    asked: dict[str, Any] = {
        "name": NAMES.get(number, "赵映雪"),
        "code": number,
        "types": (PROPERTY, PERMIT),
        "purpose": "替我办公租房",
        "starts_on": city.today,
        "ends_on": city.today + dt.timedelta(days=30),
        "uses": 2,
        "items": (ITEM,),
    }
    return NewEntrustment(**(asked | changes))


def entrusting_body(city: World, **changes: Any) -> dict[str, Any]:
    """What `POST /v1/entrustments` takes."""
    body = {
        "agent": {"code": ZHAO_NUMBER, "name": "赵映雪"},
        "types": [PROPERTY, PERMIT],
        "items": [ITEM],
        "purpose": "替我办公租房",
        "starts_on": city.today.isoformat(),
        "ends_on": (city.today + dt.timedelta(days=30)).isoformat(),
        "uses": 2,
    }
    return body | changes


async def offered(city: World, giver: Principal = LIN, **changes: Any) -> Entrustment:
    return await city.services.entrusting.give(new(city, **changes), giver)


async def entrusted(city: World, giver: Principal = LIN, agent: Principal = ZHAO, **changes: Any) -> Entrustment:
    """Given and accepted."""
    made = await offered(city, giver, **changes)
    return await city.services.entrusting.answer(made.id, agent, accept=True)


async def story(city: World, made: Entrustment, who: Principal = LIN) -> EntrustmentStory:
    return await city.services.entrusting.look.one(made.id, who)


async def codes_by_agent(
    city: World, agent: Principal = ZHAO, number: str = LIN_NUMBER, client: Principal = PORTAL, **changes: Any
) -> PersonalAnswer:
    """委托用证 at a portal."""
    asked: dict[str, Any] = {"service_item": ITEM, "case_number": CASE, "basis": BASIS} | changes
    return await city.exchange.in_person.by_agent(PersonalQuestion(**asked), ActingFor("111", number), agent, client)
