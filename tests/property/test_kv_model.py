"""Any sequence of verbs and passing time leaves a key-value store as it leaves a dict."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.conformance.harness import Backend, Surroundings
from tests.conformance.kv_backends import BACKENDS, KvHarness
from tests.support.clock import FakeClock

Answer = TypeVar("Answer")
KEYS = st.sampled_from(["a", "b", "B"])
VALUES = st.one_of(st.sampled_from([b"", b"0", b"7", b"x"]), st.binary(max_size=8))
TTLS = st.sampled_from([10.0, 100.0, 1000.0])


class KvMachine(RuleBasedStateMachine):
    """Does each step to the store and to a dict of value and end."""

    backend: Backend
    server: Any

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        surroundings = Surroundings(Path(self.folder.name), FakeClock(), self.server)
        self.opened: AbstractAsyncContextManager[KvHarness] = self.backend.open(surroundings)
        self.harness = self.run(self.opened.__aenter__())
        self.store = self.harness.store
        self.model: dict[str, tuple[bytes, float]] = {}
        self.now = 0.0

    def run(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        self.run(self.opened.__aexit__(None, None, None))
        self.run(self.loop.shutdown_default_executor())
        self.loop.close()
        self.folder.cleanup()

    def live(self, key: str) -> bytes | None:
        value, end = self.model.get(key, (b"", 0.0))
        return value if end > self.now else None

    @rule(key=KEYS, value=VALUES, ttl=TTLS)
    def put(self, key: str, value: bytes, ttl: float) -> None:
        self.run(self.store.put(key, value, ttl))
        self.model[key] = (value, self.now + ttl)

    @rule(key=KEYS, value=VALUES, ttl=TTLS)
    def put_if_absent(self, key: str, value: bytes, ttl: float) -> None:
        absent = self.live(key) is None
        assert self.run(self.store.put_if_absent(key, value, ttl)) is absent
        if absent:
            self.model[key] = (value, self.now + ttl)

    @rule(key=KEYS)
    def take(self, key: str) -> None:
        assert self.run(self.store.take(key)) == self.live(key)
        self.model.pop(key, None)

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        assert self.run(self.store.delete(key)) is (self.live(key) is not None)
        self.model.pop(key, None)

    @rule(key=KEYS, expected=VALUES, new=VALUES, ttl=TTLS, right=st.booleans())
    def compare_and_swap(self, key: str, expected: bytes, new: bytes, ttl: float, right: bool) -> None:
        live = self.live(key)
        expected = live if right and live is not None else expected
        assert self.run(self.store.compare_and_swap(key, expected, new, ttl)) is (live == expected)
        if live == expected:
            self.model[key] = (new, self.now + ttl)

    @rule(key=KEYS, ttl=TTLS)
    def incr(self, key: str, ttl: float) -> None:
        live = self.live(key)
        if live is None:
            assert self.run(self.store.incr(key, ttl)) == 1
            self.model[key] = (b"1", self.now + ttl)
        elif live in {b"0", b"7"} or (live.isdigit() and not live.startswith(b"0")):
            number = int(live) + 1
            assert self.run(self.store.incr(key, ttl)) == number
            self.model[key] = (b"%d" % number, self.model[key][1])
        elif not live.isdigit() and not live.startswith(b"-"):
            with pytest.raises(ValueError):
                self.run(self.store.incr(key, ttl))

    @rule(seconds=st.sampled_from([4.0, 50.0, 500.0, 1500.0]))
    def time_passes(self, seconds: float) -> None:
        self.run(self.harness.advance(seconds))
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        self.run(self.store.sweep())

    @invariant()
    def reads_as_the_model(self) -> None:
        for key in ("a", "b", "B"):
            assert self.run(self.store.get(key)) == self.live(key)


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.id)
def test_a_store_behaves_as_a_dict_with_ends(backend: Backend, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(backend.requires) if backend.requires else None
    machine = type("Machine", (KvMachine,), {"backend": backend, "server": server})
    run_state_machine_as_test(machine, settings=settings(max_examples=50, stateful_step_count=30, deadline=None))
