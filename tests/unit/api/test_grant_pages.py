"""The page of one service item leafs through all its grants of use."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from api.routes.pages import catalogue_items
from certstore.model import ConsumerGrant
from core.db.database import Database
from core.principal import SYSTEM
from tests.support.certstore_pages import pages
from tests.support.certstore_world import BASIS, HOUSING, ITEM, PERMIT, code_of, world
from tests.support.clock import FakeClock

MANY = 45
_GRANT = re.compile(rf'href="/office/items/{ITEM}/grants/([0-9A-Z]{{18}})/{PERMIT}"')
_NEXT = re.compile(r'href="(/office/items\?[^"]*cursor=[^"]+)"')


async def test_every_grant_of_an_item_is_reached_by_leafing_and_stands_there_once(
    sqlite_database: Database, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_items, "_GRANTS", 20)
    offices = {code_of(f"11410199DEMB{number:05d}") for number in range(MANY)}
    async with world(sqlite_database, clock, tmp_path) as city:
        for office in sorted(offices):
            grant = ConsumerGrant(office, PERMIT, ITEM, ("address",), BASIS, city.today)
            await city.services.catalogue.grant_use(grant, SYSTEM)
        async with pages(city) as shown:
            found: list[str] = []
            address: str | None = f"/office/items?item={ITEM}"
            turned = 0
            while address is not None:
                answer = await shown.get(address, "guard")
                assert answer.status_code == 200
                found += _GRANT.findall(answer.text)
                following = _NEXT.search(answer.text)
                address, turned = (unescape(following.group(1)) if following else None), turned + 1
                assert turned <= MANY
            first = await shown.get("/office/items", "guard")
            to_all = _NEXT.search(first.text)
            keeper = await shown.get(f"/office/items?item={ITEM}", "keeper")
    assert turned == 3
    assert sorted(found) == sorted([*offices, HOUSING])
    assert to_all is not None, "the list of items leads to the rest"
    assert f"item={ITEM}" in unescape(to_all.group(1))
    assert _GRANT.findall(keeper.text) == [], "who keeps the catalogue gives no rights of use"
