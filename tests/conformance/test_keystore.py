"""`keys.ports.KeyStore` on SQLite and PostgreSQL: the contract, and what a ring over either promises at rest."""

from __future__ import annotations

import pytest

from keys.backends.registry import BackendRegistry
from keys.backends.software import SoftwareBackend
from keys.errors import KeyStoreDamaged, MasterKeyWrong
from keys.key_wrap import KeyWrap
from keys.keyring import KeyRing
from keys.spec import SignatureAlgorithm
from tests.conformance.harness import parametrised
from tests.conformance.keystore import KeyStoreBasic, KeyStoreContention, KeyStoreTransaction
from tests.conformance.keystore_backends import BACKENDS, KeyStoreHarness
from tests.support.clock import FakeClock

_MASTER_KEY = bytes(range(32))


@parametrised(BACKENDS)
class TestKeyStoreBasic(KeyStoreBasic):
    pass


@parametrised(BACKENDS)
class TestKeyStoreTransaction(KeyStoreTransaction):
    pass


@parametrised(BACKENDS)
class TestKeyStoreContention(KeyStoreContention):
    pass


def _ring(harness: KeyStoreHarness, clock: FakeClock, worker: int = 0, master_key: bytes = _MASTER_KEY) -> KeyRing:
    store = [harness.store, *harness.others][worker]
    return KeyRing(store, master_key, BackendRegistry([SoftwareBackend()], default="software"), clock)


@parametrised(BACKENDS)
async def test_a_changed_row_stops_the_start(harness: KeyStoreHarness, clock: FakeClock) -> None:
    ring = _ring(harness, clock)
    await ring.load()
    await ring.create("oidc.es256", SignatureAlgorithm.ES256)
    await ring.create_secret("field.data")
    signing, secret = ring.signer("oidc.es256").key_id, ring.secrets("field.data")[0].key_id
    record = await harness.store.find(signing)
    assert record is not None
    assert record.sealed is not None
    assert record.public_key is not None
    for column, changed in (
        ("sealed", _flipped(record.sealed, 0)),
        ("sealed", _flipped(record.sealed, 5)),
        ("sealed", _flipped(record.sealed, -1)),
        ("sealed", record.sealed[:-1]),
        ("sealed", b""),
        ("public_key", _flipped(record.public_key, -1)),
    ):
        before = getattr(record, column)
        await _write_bytes(harness, signing, column, changed)
        with pytest.raises(KeyStoreDamaged):
            await _ring(harness, clock, worker=1).load()
        await _write_bytes(harness, signing, column, before)
    for column, value in (("purpose", "seal/x"), ("uri", "software:other"), ("key_id", "another-key-id")):
        await harness.execute(f"UPDATE keys SET {column} = '{value}' WHERE key_id = '{signing}'")
        with pytest.raises(KeyStoreDamaged):
            await _ring(harness, clock, worker=1).load()
        name = value if column == "key_id" else signing
        await harness.execute(f"UPDATE keys SET {column} = '{getattr(record, column)}' WHERE key_id = '{name}'")
    again = _ring(harness, clock, worker=1)
    await again.load()  # put back as it was, everything opens
    assert again.signer("oidc.es256").key_id == signing
    assert again.secrets("field.data")[0].key_id == secret


@parametrised(BACKENDS)
async def test_a_wrong_master_key_stops_the_start(harness: KeyStoreHarness, clock: FakeClock) -> None:
    ring = _ring(harness, clock)
    await ring.load()
    await ring.create("oidc.es256", SignatureAlgorithm.ES256)
    with pytest.raises(MasterKeyWrong):
        await _ring(harness, clock, worker=1, master_key=bytes(reversed(_MASTER_KEY))).load()
    # Even somebody who forges the check value gets no key out of it.
    forged = _ring(harness, clock, worker=1, master_key=bytes(reversed(_MASTER_KEY)))
    await _write_check(harness)
    with pytest.raises(KeyStoreDamaged):
        await forged.load()


@parametrised(BACKENDS)
async def test_a_rotation_reaches_the_other_worker(harness: KeyStoreHarness, clock: FakeClock) -> None:
    first, second = _ring(harness, clock), _ring(harness, clock, worker=1)
    await first.load()
    await second.load()
    await first.create("oidc.es256", SignatureAlgorithm.ES256)
    assert await second.refresh()
    assert not await second.refresh()
    following = await first.prepare_next("oidc.es256")
    assert following is not None
    await second.refresh()
    await first.rotate("oidc.es256")
    # Before the second worker has looked again it accepts the new key already.
    assert following.key_id in {one.key_id for one in second.verification_keys("oidc.es256")}
    assert await second.refresh()
    assert second.signer("oidc.es256").key_id == following.key_id


def _flipped(data: bytes, position: int) -> bytes:
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)


async def _write_bytes(harness: KeyStoreHarness, key_id: str, column: str, value: bytes) -> None:
    literal = _literal(harness, value)
    await harness.execute(f"UPDATE keys SET {column} = {literal} WHERE key_id = '{key_id}'")


async def _write_check(harness: KeyStoreHarness) -> None:
    check = _literal(harness, KeyWrap(bytes(reversed(_MASTER_KEY))).check)
    await harness.execute(f"UPDATE key_store_version SET master_key_check = {check}")


def _literal(harness: KeyStoreHarness, value: bytes) -> str:
    on_postgres = "postgresql" in str(harness.store.engine.url)  # type: ignore[attr-defined]  # both are SQL
    return f"decode('{value.hex()}', 'hex')" if on_postgres else f"x'{value.hex()}'"
