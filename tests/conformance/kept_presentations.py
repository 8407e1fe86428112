"""The contract of codes, screens and presentations in short-lived state (`certstore.presentation.kept`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from certstore.presentation.kept import Kept
from certstore.presentation.model import Extent, OpenCode, Presentation, PresentationState, Showing, ShownCode
from core.kv.port import KeyValueStore
from core.principal import Purpose
from keys.secrets.token_digest import HmacTokenDigests
from tests.conformance import kv_backends
from tests.conformance.harness import Backend, Slow, Surroundings, at_once
from tests.support.certstore_fakes import PlainSecrets, field_cipher
from tests.support.clock import FakeClock

NUMBER = "410199198802291031"
ID = "prs_01jd0000000000000000000000"


@dataclass
class KeptHarness:
    """Several workers over one store."""

    stores: list[KeyValueStore]
    clock: FakeClock

    @property
    def workers(self) -> list[Kept]:
        digests = HmacTokenDigests(PlainSecrets())
        return [Kept(Slow(store), field_cipher(), digests, self.clock) for store in self.stores]

    def shown(self) -> ShownCode:
        until = self.clock.now() + dt.timedelta(seconds=55)
        return ShownCode("prs_1", "lic_1", "acc_lin", "111", NUMBER, Extent.MINIMAL, until)

    def presentation(self) -> Presentation:
        now = self.clock.now()
        return Presentation(
            ID, "lic_1", "acc_lin", "111", NUMBER, Extent.FULL, PresentationState.WAITING, "47", "acc_chen",
            "11410199DEMA00025B", Purpose(basis="当面"), now, now + dt.timedelta(seconds=120),
        )  # fmt: skip


class KeptContract:
    async def test_a_code_is_taken_by_one(self, harness: KeptHarness) -> None:
        one, *_ = harness.workers
        code = (await one.put_code(harness.shown())).code
        found = await one.find_code(code)
        assert found is not None
        assert found.code == harness.shown()
        taken = await at_once(*(worker.take_code(found) for worker in harness.workers * 4))
        assert sum(taken) == 1
        assert await one.find_code(code) is None

    async def test_a_code_ends_with_its_time_whatever_the_store_says(self, harness: KeptHarness) -> None:
        one, *_ = harness.workers
        code = (await one.put_code(harness.shown())).code
        harness.clock.advance(54.9)
        assert await one.find_code(code) is not None
        harness.clock.advance(0.1)
        assert await one.find_code(code) is None

    async def test_of_agreeing_and_refusing_one_counts(self, harness: KeptHarness) -> None:
        one, *_ = harness.workers
        await one.put(harness.presentation())
        read = await one.presentation(ID)
        assert read == harness.presentation()
        states = [PresentationState.GIVEN, PresentationState.REFUSED] * 4
        workers = (harness.workers * 3)[: len(states)]
        won = await at_once(*(w.change(read, state=state) for w, state in zip(workers, states, strict=True)))
        assert sum(won) == 1
        after = await one.presentation(ID)
        assert after is not None
        assert after.state is states[won.index(True)]

    async def test_windows_of_one_session_agree_on_a_screen(self, harness: KeptHarness) -> None:
        one, *_ = harness.workers
        screens = [
            Showing("lic_1", Extent.MINIMAL, OpenCode(f"CODE{n}", f"prs_{n}", harness.clock.now())) for n in range(6)
        ]
        won = await at_once(*(w.put_screen("me", s, None) for w, s in zip(harness.workers * 2, screens, strict=True)))
        assert sum(won) == 1
        kept = await one.screen("me", "lic_1")
        assert kept == screens[won.index(True)]
        assert await one.screen("somebody else", "lic_1") is None
        assert not await one.put_screen("me", screens[0], replace(screens[0], extent=Extent.FULL)), "it was another"

    async def test_nothing_is_stored_in_the_clear(self, harness: KeptHarness) -> None:
        seen: list[bytes] = []

        class Watching(Slow):
            def __getattr__(self, name: str) -> object:
                call = super().__getattr__(name)

                async def noted(*arguments: object, **named: object) -> object:
                    seen.extend(a if isinstance(a, bytes) else str(a).encode() for a in arguments)
                    return await call(*arguments, **named)

                return noted

        watched = Kept(Watching(harness.stores[0]), field_cipher(), HmacTokenDigests(PlainSecrets()), harness.clock)
        code = (await watched.put_code(harness.shown())).code
        await watched.put(harness.presentation())
        everything = b"\n".join(seen)
        assert len(seen) >= 4
        assert not [word for word in (code, NUMBER, "lic_1", "acc_lin") if word.encode() in everything]


@asynccontextmanager
async def embedded(around: Surroundings) -> AsyncIterator[KeptHarness]:
    async with kv_backends.embedded(around) as opened:
        yield KeptHarness([opened.store, *opened.others], around.clock)


@asynccontextmanager
async def redis(around: Surroundings) -> AsyncIterator[KeptHarness]:
    async with kv_backends.redis(around) as opened:
        yield KeptHarness([opened.store, *opened.others], around.clock)


BACKENDS = [Backend("embedded", None, embedded), Backend("redis", "redis_server", redis)]
