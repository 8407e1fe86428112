"""The blind index: equal values are found without being read, and nothing is told without the key (attacks L-18)."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from keys.errors import KeyMissing
from keys.secrets.blind_index import HmacIndex
from tests.support.clock import FakeClock
from tests.support.secrets import MemorySecrets
from tests.unit.keys.rings import software_ring

NUMBER = "11010519491231002X"


def index(seed: str = "ours") -> HmacIndex:
    return HmacIndex(MemorySecrets("field.index", seed=seed))


async def test_without_a_key_nothing_is_named(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        with pytest.raises(KeyMissing):
            HmacIndex(ring).digest("citizen-id", NUMBER)


def test_l18_the_index_is_a_keyed_digest() -> None:
    digest, key = (
        index().digest("citizen-id", NUMBER),
        MemorySecrets("field.index", seed="ours").secrets("field.index")[0],
    )
    assert digest == index().digest("citizen-id", NUMBER)
    assert digest == hmac.new(key.value, b"\x00\x0acitizen-id" + NUMBER.encode(), hashlib.sha256).digest()
    assert digest != index("theirs").digest("citizen-id", NUMBER)
    assert digest != hashlib.sha256(NUMBER.encode()).digest()


def test_kinds_of_the_index_do_not_meet() -> None:
    pairs = [("phone", NUMBER), ("citizen-id", NUMBER), ("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", "")]
    assert len({index().digest(kind, value) for kind, value in pairs}) == len(pairs)
