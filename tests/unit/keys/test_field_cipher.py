"""Field encryption, the blind index and token digests."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import FieldDamaged, KeyMissing
from keys.ports import SecretKey
from keys.secrets.blind_index import HmacIndex
from keys.secrets.field import EnvelopeCipher
from keys.secrets.token_digest import digest_token
from keys.spec import KeyState
from tests.support.clock import FakeClock
from tests.unit.keys.rings import software_ring

NUMBER = "11010519491231002X"
PLACE = "accounts.citizen_id:acc_1"


class FixedSecrets:
    """A `SecretProvider` over fixed secrets."""

    def __init__(self, *values: bytes) -> None:
        states = [KeyState.ACTIVE, *[KeyState.VERIFY_ONLY] * len(values)]
        self._keys = [
            SecretKey(hashlib.sha256(value).hexdigest()[:16], state, value)
            for value, state in zip(values, states, strict=False)
        ]

    def secrets(self, purpose: str) -> Sequence[SecretKey]:
        if not self._keys:
            raise KeyMissing(purpose)
        return self._keys


CIPHER = EnvelopeCipher(FixedSecrets(b"k" * 32))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.text(alphabet=st.characters(codec="utf-8")))
def test_every_value_comes_back_in_its_place(value: str, place: str) -> None:
    assert CIPHER.decrypt(CIPHER.encrypt(value, context=place), context=place) == value


@given(st.binary())
def test_bytes_come_back_too(value: bytes) -> None:
    assert CIPHER.decrypt_bytes(CIPHER.encrypt_bytes(value, context=PLACE), context=PLACE) == value


@pytest.mark.parametrize("position", range(len(CIPHER.encrypt(NUMBER, context=PLACE))))
def test_each_changed_byte_is_noticed(position: int) -> None:
    sealed = bytearray(CIPHER.encrypt(NUMBER, context=PLACE))
    sealed[position] ^= 1
    with pytest.raises(FieldDamaged) as refused:
        CIPHER.decrypt(bytes(sealed), context=PLACE)
    assert NUMBER not in str(refused.value)


@pytest.mark.parametrize("other", ["accounts.citizen_id:acc_2", "accounts.name:acc_1", "", PLACE + " "])
def test_a_value_cannot_be_moved_to_another_place(other: str) -> None:
    sealed = CIPHER.encrypt(NUMBER, context=PLACE)
    with pytest.raises(FieldDamaged):
        CIPHER.decrypt(sealed, context=other)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 44, NUMBER.encode() * 5, b"\xff" * 80])
def test_what_is_no_sealed_value_is_refused(sealed: bytes) -> None:
    with pytest.raises(FieldDamaged):
        CIPHER.decrypt(sealed, context=PLACE)


def test_equal_values_do_not_look_equal() -> None:
    sealed = {CIPHER.encrypt(NUMBER, context=PLACE) for _ in range(50)}
    assert len(sealed) == 50
    assert not any(NUMBER.encode() in one for one in sealed)


def test_a_cut_value_is_refused() -> None:
    sealed = CIPHER.encrypt(NUMBER, context=PLACE)
    for length in range(len(sealed)):
        with pytest.raises(FieldDamaged):
            CIPHER.decrypt(sealed[:length], context=PLACE)


def test_another_key_does_not_open_a_value() -> None:
    other = EnvelopeCipher(FixedSecrets(b"o" * 32))
    with pytest.raises(FieldDamaged):
        other.decrypt(CIPHER.encrypt(NUMBER, context=PLACE), context=PLACE)


async def test_old_values_open_after_a_rotation_and_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        await ring.create_secret("field.data")
        cipher = EnvelopeCipher(ring)
        old = cipher.encrypt(NUMBER, context=PLACE)
        await ring.prepare_next("field.data")
        await ring.rotate("field.data")
        new = cipher.encrypt(NUMBER, context=PLACE)
        assert old[:17] != new[:17]  # another data key
        assert cipher.decrypt(old, context=PLACE) == cipher.decrypt(new, context=PLACE) == NUMBER
    async with software_ring(tmp_path, clock) as (again, _):
        assert EnvelopeCipher(again).decrypt(old, context=PLACE) == NUMBER


async def test_without_a_data_key_nothing_is_stored_in_clear(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        with pytest.raises(KeyMissing):
            EnvelopeCipher(ring).encrypt(NUMBER, context=PLACE)
        with pytest.raises(KeyMissing):
            HmacIndex(ring).digest("citizen-id", NUMBER)


def test_l18_the_index_is_a_keyed_digest() -> None:
    index = HmacIndex(FixedSecrets(b"k" * 32))
    digest = index.digest("citizen-id", NUMBER)
    assert digest == index.digest("citizen-id", NUMBER)
    assert digest == hmac.new(b"k" * 32, b"\x00\x0acitizen-id" + NUMBER.encode(), hashlib.sha256).digest()
    assert digest != HmacIndex(FixedSecrets(b"o" * 32)).digest("citizen-id", NUMBER)
    assert digest != hashlib.sha256(NUMBER.encode()).digest()


def test_kinds_of_the_index_do_not_meet() -> None:
    index = HmacIndex(FixedSecrets(b"k" * 32))
    pairs = [("phone", NUMBER), ("citizen-id", NUMBER), ("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", "")]
    assert len({index.digest(kind, value) for kind, value in pairs}) == len(pairs)


def test_a_token_digest_is_sha_256() -> None:
    assert digest_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4
    assert digest_token("abd") != digest_token("abc")
    assert len(digest_token("\ud800")) == 64  # whatever a caller sends
