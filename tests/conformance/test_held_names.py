"""`certstore.bulk.ports.HeldNames` over SQLite and PostgreSQL, and stores that are wrong on purpose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from certstore.bulk.model import HeldName
from certstore.bulk.ports import HeldNames
from certstore.codes import HolderCode
from certstore.lifecycle import Event, State
from certstore.model import Holder
from certstore.stores import held_names
from certstore.stores.held_names import SqlHeldNames
from tests.conformance.certstore_stores_backends import (
    BACKENDS,
    LIN,
    LIN_NAME,
    OFFICE,
    OTHER_OFFICE,
    OTHER_TYPE,
    TYPE,
    ZHAO,
    StoreHarness,
    sqlite,
)
from tests.conformance.harness import Surroundings, failing, parametrised
from tests.support.certstore_fakes import blind_index, field_cipher
from tests.support.clock import FakeClock

STORE: HeldNames = SqlHeldNames(field_cipher(), blind_index())


async def held(harness: StoreHarness, *codes: HolderCode) -> dict[HolderCode, list[HeldName]]:
    """In an order of its own."""
    async with harness.other.read() as tx:
        found = await STORE.names(tx, codes)
    return {code: sorted(names, key=lambda one: (one.issuer, one.name)) for code, names in found.items()}


async def keep(
    harness: StoreHarness, name: str, *, type_code: str = TYPE, office: str = OFFICE, code: HolderCode = LIN
) -> str:
    made = harness.a_licence(code, type_code=type_code, holders=(Holder(code, name),))
    return (await harness.keep(replace(made, issuer=office))).id


class HeldNamesBasic:
    """The contract."""

    async def test_names_are_those_of_all_types_and_offices_and_of_nobody_else(self, harness: StoreHarness) -> None:
        await keep(harness, "林一")
        await keep(harness, "林二", type_code=OTHER_TYPE)
        await keep(harness, "林三", office=OTHER_OFFICE)
        await keep(harness, "赵", code=ZHAO)
        expected = [HeldName(OFFICE, "林一"), HeldName(OFFICE, "林二"), HeldName(OTHER_OFFICE, "林三")]
        assert await held(harness, LIN) == {LIN: expected}
        assert await held(harness, LIN, ZHAO) == {LIN: expected, ZHAO: [HeldName(OFFICE, "赵")]}
        assert await held(harness, HolderCode("414", LIN.number)) == await held(harness) == {}

    async def test_only_what_lives_counts_and_only_its_present_version(self, harness: StoreHarness) -> None:
        ended, suspended = harness.a_licence(), harness.a_licence(type_code=OTHER_TYPE)
        for made in (ended, suspended):
            await harness.keep(made)
        await harness.end(ended, Event.REVOKE, State.REVOKED)
        await harness.end(suspended, Event.SUSPEND, State.SUSPENDED)
        changed = await harness.keep(harness.a_licence())
        await harness.follow(harness.a_next_version(changed, ZHAO))
        assert await held(harness, LIN, ZHAO) == {LIN: [HeldName(OFFICE, LIN_NAME)], ZHAO: [HeldName(OFFICE, LIN_NAME)]}

    async def test_of_many_of_a_type_from_an_office_the_newest_count(self, harness: StoreHarness) -> None:
        for number in range(8):
            await keep(harness, f"林{number}")
        await keep(harness, "林", type_code=OTHER_TYPE)
        names = [one.name for one in (await held(harness, LIN))[LIN]]
        assert names == ["林", "林3", "林4", "林5", "林6", "林7"]

    async def test_any_number_of_holders_is_asked_for_at_once(self, harness: StoreHarness) -> None:
        await keep(harness, "林")
        many = [HolderCode("414", f"E{number:08d}") for number in range(2500)]
        assert await held(harness, *many, LIN) == {LIN: [HeldName(OFFICE, "林")]}


@parametrised(BACKENDS)
class TestHeldNamesBasic(HeldNamesBasic):
    pass


BROKEN = [
    ("_LIVING", tuple(State), "test_only_what_lives_counts_and_only_its_present_version"),
    ("_NEWEST", 100, "test_of_many_of_a_type_from_an_office_the_newest_count"),
    ("_NEWEST", 0, "test_names_are_those_of_all_types_and_offices_and_of_nobody_else"),
]


@pytest.mark.parametrize(("rule", "value", "only"), BROKEN)
async def test_the_contract_catches(tmp_path: Path, clock: FakeClock, rule: str, value: object, only: str) -> None:
    @asynccontextmanager
    async def opened() -> AsyncIterator[StoreHarness]:
        async with sqlite(Surroundings(tmp_path, clock)) as harness:
            yield harness

    with mock.patch.object(held_names, rule, value):
        assert await failing([HeldNamesBasic], opened, only=only) == {only}
