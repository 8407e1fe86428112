"""Field encryption: every value in its own place, under keys that turn."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import FieldDamaged, KeyMissing
from keys.profile import Profile
from keys.secrets.field import EnvelopeCipher, heads_of
from keys.secrets.purposes import FORMER_FIELDS, LICENCES, PEOPLE
from keys.spec import SecretKind
from tests.support.clock import FakeClock
from tests.support.former_forms import sealed_in_version_1
from tests.support.secrets import MemorySecrets
from tests.unit.keys.rings import software_ring

NUMBER = "11010519491231002X"
PLACE = "accounts.citizen_id:acc_1"
SECRETS = MemorySecrets(PEOPLE, LICENCES, FORMER_FIELDS, seed="fields")
CIPHER = EnvelopeCipher(SECRETS, PEOPLE, FORMER_FIELDS)
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@given(texts, texts)
def test_every_value_comes_back_in_its_place(value: str, place: str) -> None:
    assert CIPHER.decrypt(CIPHER.encrypt(value, context=place), context=place) == value


@given(st.binary())
def test_bytes_come_back_too(value: bytes) -> None:
    assert CIPHER.decrypt_bytes(CIPHER.encrypt_bytes(value, context=PLACE), context=PLACE) == value


@given(texts, texts, texts)
def test_no_other_place_opens_a_value(value: str, place: str, other: str) -> None:
    sealed = CIPHER.encrypt(value, context=place)
    if place != other:
        with pytest.raises(FieldDamaged):
            CIPHER.decrypt(sealed, context=other)


@given(texts, st.data())
def test_any_change_is_noticed(value: str, data: st.DataObject) -> None:
    sealed = bytearray(CIPHER.encrypt(value, context=PLACE))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FieldDamaged):
        CIPHER.decrypt(bytes(sealed), context=PLACE)


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


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02" * 44, b"\x01" * 44, NUMBER.encode() * 5, b"\xff" * 80])
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


def test_the_form_is_what_the_decision_says() -> None:
    """ADR 21, checked with independent code: HKDF-Expand over the place, AES-256-GCM under its result."""
    sealed, key = CIPHER.encrypt(NUMBER, context=PLACE), SECRETS.secrets(PEOPLE)[0]
    head, nonce, body = sealed[:17], sealed[17:29], sealed[29:]
    place_key = HKDFExpand(hashes.SHA256(), 32, b"yizheng field v2\x00" + PLACE.encode()).derive(key.value)
    assert head == b"\x02" + key.key_id.encode()
    assert AESGCM(place_key).decrypt(nonce, body, head + PLACE.encode()) == NUMBER.encode()


def test_one_purpose_does_not_open_what_another_sealed() -> None:
    sealed = EnvelopeCipher(SECRETS, LICENCES, FORMER_FIELDS).encrypt(NUMBER, context=PLACE)
    with pytest.raises(FieldDamaged):
        CIPHER.decrypt(sealed, context=PLACE)


def test_values_of_the_release_before_open_and_ask_to_be_written_anew() -> None:
    old = sealed_in_version_1(SECRETS.secrets(FORMER_FIELDS)[0], NUMBER.encode(), PLACE)
    assert CIPHER.decrypt(old, context=PLACE) == NUMBER
    assert not old.startswith(CIPHER.head())
    new = CIPHER.encrypt(NUMBER, context=PLACE)
    assert new.startswith(CIPHER.head())
    assert old.startswith(heads_of(SECRETS.secrets(FORMER_FIELDS)[0].key_id))
    assert new.startswith(heads_of(SECRETS.secrets(PEOPLE)[0].key_id))
    with pytest.raises(FieldDamaged):
        CIPHER.decrypt(b"\x02" + old[1:], context=PLACE)  # no form passes for the other
    with pytest.raises(FieldDamaged):
        CIPHER.decrypt(b"\x01" + new[1:], context=PLACE)


def test_an_old_value_opens_until_its_key_is_retired() -> None:
    secrets = MemorySecrets(PEOPLE)
    cipher, first = EnvelopeCipher(secrets, PEOPLE, FORMER_FIELDS), secrets.secrets(PEOPLE)[0].key_id
    old = cipher.encrypt(NUMBER, context=PLACE)
    secrets.rotate(PEOPLE)
    new = cipher.encrypt(NUMBER, context=PLACE)
    assert cipher.decrypt(old, context=PLACE) == cipher.decrypt(new, context=PLACE) == NUMBER
    assert not old.startswith(cipher.head())
    secrets.retire(first)
    with pytest.raises(FieldDamaged):
        cipher.decrypt(old, context=PLACE)
    assert cipher.decrypt(new, context=PLACE) == NUMBER


async def test_old_values_open_after_a_rotation_and_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        await ring.create_secret(PEOPLE)
        cipher = EnvelopeCipher(ring, PEOPLE)
        old = cipher.encrypt(NUMBER, context=PLACE)
        await ring.prepare_next(PEOPLE)
        await ring.rotate(PEOPLE)
        new = cipher.encrypt(NUMBER, context=PLACE)
        assert old[:17] != new[:17]  # another data key
        assert cipher.decrypt(old, context=PLACE) == cipher.decrypt(new, context=PLACE) == NUMBER
    async with software_ring(tmp_path, clock) as (again, _):
        assert EnvelopeCipher(again, PEOPLE).decrypt(old, context=PLACE) == NUMBER


async def test_without_a_data_key_nothing_is_stored_in_clear(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        with pytest.raises(KeyMissing):
            EnvelopeCipher(ring, PEOPLE).encrypt(NUMBER, context=PLACE)


# -- national algorithms ---------------------------------------------------------------------------------------------


def national() -> tuple[MemorySecrets, EnvelopeCipher]:
    found = MemorySecrets(PEOPLE, LICENCES, FORMER_FIELDS, seed="national", kind=SecretKind.NATIONAL)
    return found, EnvelopeCipher(found, PEOPLE, FORMER_FIELDS)


@given(
    value=st.binary(max_size=200), place=texts, other=texts, change=st.integers(1, 255), position=st.integers(0, 999)
)
def test_under_sm4_a_value_comes_back_in_its_place_alone_and_unchanged(
    value: bytes, place: str, other: str, change: int, position: int
) -> None:
    _, cipher = national()
    sealed = cipher.encrypt_bytes(value, context=place)
    assert cipher.decrypt_bytes(sealed, context=place) == value
    assert sealed.startswith(cipher.head())
    changed = bytearray(sealed)
    changed[position % len(sealed)] ^= change
    with pytest.raises(FieldDamaged):
        cipher.decrypt_bytes(bytes(changed), context=place)
    if place != other:
        with pytest.raises(FieldDamaged):
            cipher.decrypt_bytes(sealed, context=other)


def test_under_sm4_the_key_of_a_place_is_that_of_hkdf_with_sm3() -> None:
    secrets, cipher = national()
    sealed, key = cipher.encrypt_bytes(b"law", context=PLACE), secrets.secrets(PEOPLE)[0]
    info = b"yizheng field v2\x00" + PLACE.encode()
    place_key = HKDFExpand(hashes.SM3(), 16, info).derive(key.value)
    head, nonce, body = sealed[:17], sealed[17:29], sealed[29:]
    opened = Cipher(SM4(place_key), GCM(nonce, body[-16:])).decryptor()
    opened.authenticate_additional_data(head + PLACE.encode())
    assert opened.update(body[:-16]) + opened.finalize() == b"law"


def test_a_data_key_is_never_used_with_two_ciphers() -> None:
    secrets, cipher = national()
    sealed = cipher.encrypt_bytes(b"law", context=PLACE)
    for version in (b"\x01", b"\x02"):
        with pytest.raises(FieldDamaged):
            cipher.decrypt_bytes(version + sealed[1:], context=PLACE)
    usual = CIPHER.encrypt_bytes(b"law", context=PLACE)
    with pytest.raises(FieldDamaged):
        CIPHER.decrypt_bytes(b"\x04" + usual[1:], context=PLACE)
    assert sealed.startswith(heads_of(secrets.secrets(PEOPLE)[0].key_id))


async def test_a_deployment_changes_over_by_rotating_its_data_keys(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        await ring.create_secret(PEOPLE)
        before = EnvelopeCipher(ring, PEOPLE).encrypt(NUMBER, context=PLACE)
    async with software_ring(tmp_path, clock, profile=Profile.NATIONAL) as (ring, _):
        cipher = EnvelopeCipher(ring, PEOPLE)
        assert cipher.encrypt(NUMBER, context=PLACE)[:1] == b"\x02"  # the key that is there stays what it is
        await ring.prepare_next(PEOPLE)
        clock.advance(3600)
        await ring.rotate(PEOPLE)
        after = cipher.encrypt(NUMBER, context=PLACE)
        assert (before[:1], after[:1]) == (b"\x02", b"\x04")
        assert cipher.decrypt(before, context=PLACE) == cipher.decrypt(after, context=PLACE) == NUMBER
    async with software_ring(tmp_path, clock) as (ring, _):  # and opens whatever the profile says later
        assert EnvelopeCipher(ring, PEOPLE).decrypt(after, context=PLACE) == NUMBER
