"""The contract of `certstore.templates.ports.TemplateStore`: versions are added, found, and never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace

from certstore.ports import SealAnchor
from certstore.stores.templates import SqlTemplateStore
from certstore.templates.model import StoredTemplate
from certstore.templates.ports import TemplateStore
from core.text import Text
from tests.conformance import certstore_stores_backends as backends
from tests.conformance.certstore_stores_backends import StoreHarness
from tests.conformance.harness import Backend, Surroundings, at_once

MANY = 8
MADE = StoredTemplate(
    "own-face",
    1,
    Text("自编版式", "Our own"),
    "#face.title\n",
    SealAnchor(1, 152.5, 233.25),
    dt.datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=dt.UTC),
    "acc_heng",
)


@dataclass
class TemplateHarness:
    """An empty store over one database, and a second worker's view of it."""

    ground: StoreHarness
    store: TemplateStore = field(default_factory=SqlTemplateStore)

    async def add(self, *templates: StoredTemplate) -> list[bool]:
        async with self.ground.database.write() as tx:
            told = [await self.store.add(tx, one) for one in templates]
            await tx.commit()
        return told


class TemplateStoreBasic:
    """One caller at a time."""

    async def test_a_version_comes_back_as_it_was_to_another_worker(self, harness: TemplateHarness) -> None:
        await harness.add(MADE)
        async with harness.ground.other.read() as tx:
            assert await harness.store.template(tx, "own-face") == MADE
            assert await harness.store.template(tx, "own-face", 2) is None
            assert await harness.store.template(tx, "own") is None

    async def test_a_version_is_never_replaced_and_the_unit_goes_on(self, harness: TemplateHarness) -> None:
        changed, second = replace(MADE, source="#face.issuer\n"), replace(MADE, version=2)
        assert await harness.add(MADE, changed, second) == [True, False, True]
        async with harness.ground.other.read() as tx:
            assert await harness.store.template(tx, "own-face", 1) == MADE
            assert await harness.store.template(tx, "own-face") == second

    async def test_lists_have_the_newest_of_each_and_all_of_one(self, harness: TemplateHarness) -> None:
        versions = [replace(MADE, version=number) for number in range(1, 12)]  # eleven: no order of text
        await harness.add(*versions, replace(MADE, name="an-earlier-name"))
        async with harness.ground.other.read() as tx:
            newest = await harness.store.newest(tx)
            assert [one.reference for one in newest] == ["an-earlier-name@1", "own-face@11"]
            assert list(await harness.store.newest(tx, limit=1)) == [newest[0]]
            assert list(await harness.store.versions(tx, "own-face", limit=2)) == [versions[10], versions[9]]
            assert len(await harness.store.versions(tx, "own-face")) == 11


class TemplateStoreContention:
    """Several callers at once."""

    async def test_of_many_who_publish_a_version_one_is_first(self, harness: TemplateHarness) -> None:
        told = await at_once(*(harness.add(replace(MADE, source=f"#{number}")) for number in range(MANY)))
        assert sorted(one for (one,) in told) == [False] * (MANY - 1) + [True]


CONTRACT = (TemplateStoreBasic, TemplateStoreContention)


def opening(
    opened: Callable[[Surroundings], AbstractAsyncContextManager[StoreHarness]], store: TemplateStore | None = None
) -> Callable[[Surroundings], AbstractAsyncContextManager[TemplateHarness]]:
    @asynccontextmanager
    async def open_with(around: Surroundings) -> AsyncIterator[TemplateHarness]:
        async with opened(around) as ground:
            yield TemplateHarness(ground, store or SqlTemplateStore())

    return open_with


BACKENDS = [
    Backend("sqlite", None, opening(backends.sqlite)),
    Backend("postgres", "postgres_server", opening(backends.postgres)),
]
