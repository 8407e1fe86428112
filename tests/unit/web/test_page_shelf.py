"""What a page keeps for some minutes is unreadable in the store and found by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.web.shelf import Shelf
from core.errors import Unavailable
from core.kv.embedded import EmbeddedKeyValueStore
from keys.secrets.purposes import TOKENS
from keys.secrets.token_digest import HmacTokenDigests
from tests.support.clock import FakeClock
from tests.support.secrets import MemorySecrets

SECRETS = MemorySecrets(TOKENS)
DIGESTS = HmacTokenDigests(SECRETS)


class Rot13:
    """A stand-in for the field cipher: keeps its two promises that matter here, without being secret."""

    def encrypt(self, value: str, *, context: str) -> bytes:
        return f"{context}|{value[::-1]}".encode()

    def decrypt(self, sealed: bytes, *, context: str) -> str:
        kept, _, value = sealed.decode().partition("|")
        if kept != context:
            raise AssertionError("moved")
        return value[::-1]


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> EmbeddedKeyValueStore:
    return EmbeddedKeyValueStore(tmp_path / "kv.db", clock)


async def test_what_was_put_is_found_again(store: EmbeddedKeyValueStore) -> None:
    shelf = Shelf(store, Rot13(), DIGESTS)
    token = await shelf.put(b"\x00\xffpdf", owner="ses_1", seconds=60)
    await shelf.put_at(token, "page 1", b"png", owner="ses_1", seconds=60)
    assert await shelf.get(token, owner="ses_1") == b"\x00\xffpdf"
    assert await shelf.get(token, owner="ses_1", part="page 1") == b"png"
    await shelf.drop(token, owner="ses_1")
    assert await shelf.get(token, owner="ses_1") is None


async def test_nobody_else_finds_it(store: EmbeddedKeyValueStore) -> None:
    shelf = Shelf(store, Rot13(), DIGESTS)
    token = await shelf.put(b"secret", owner="ses_1", seconds=60)
    assert await shelf.get(token, owner="ses_2") is None
    assert await shelf.get(token, owner="ses_1", part="x") is None
    assert await shelf.get(token + "x", owner="ses_1") is None


async def test_it_is_gone_after_its_time(store: EmbeddedKeyValueStore, clock: FakeClock) -> None:
    shelf = Shelf(store, Rot13(), DIGESTS)
    token = await shelf.put(b"secret", owner="ses_1", seconds=60)
    clock.advance(61)
    assert await shelf.get(token, owner="ses_1") is None


async def test_it_is_found_and_dropped_across_a_rotation(store: EmbeddedKeyValueStore) -> None:
    shelf = Shelf(store, Rot13(), DIGESTS)
    token = await shelf.put(b"before", owner="ses_1", seconds=60)
    SECRETS.rotate(TOKENS)
    assert await shelf.get(token, owner="ses_1") == b"before"
    await shelf.put_at(token, "", b"after", owner="ses_1", seconds=60)
    assert await shelf.get(token, owner="ses_1") == b"after"
    await shelf.drop(token, owner="ses_1")
    assert await shelf.get(token, owner="ses_1") is None


async def test_neither_token_nor_content_can_be_read_in_the_store(tmp_path: Path, store: EmbeddedKeyValueStore) -> None:
    token = await Shelf(store, Rot13(), DIGESTS).put(b"41019919880229103", owner="ses_1", seconds=60)
    await store.close()
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.encode() not in raw
    assert b"41019919880229103" not in raw


async def test_a_token_with_odd_characters_is_simply_not_found(store: EmbeddedKeyValueStore) -> None:
    try:
        assert await Shelf(store, Rot13(), DIGESTS).get("\ud800/../é" * 50, owner="ses_1") is None
    except Unavailable:
        pytest.fail("a bad token is not a broken store")
