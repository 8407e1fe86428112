"""The blind index: equal values are found without being read, and nothing is told without the key (attacks L-18)."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import KeyMissing
from keys.secrets.blind_index import BARE_LENGTH, HmacIndex
from keys.secrets.purposes import FORMER_INDEX, PEOPLE_INDEX
from keys.spec import SecretKind
from tests.support.clock import FakeClock
from tests.support.former_forms import named_in_version_1
from tests.support.idp_world import citizen_number
from tests.support.secrets import MemorySecrets
from tests.unit.keys.rings import software_ring

NUMBER = "11010519491231002X"
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


def index(seed: str = "ours") -> HmacIndex:
    return HmacIndex(MemorySecrets(PEOPLE_INDEX, seed=seed), PEOPLE_INDEX, FORMER_INDEX)


async def test_without_a_key_nothing_is_named(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        for ask in (HmacIndex(ring, PEOPLE_INDEX).digest, HmacIndex(ring, PEOPLE_INDEX).digests):
            with pytest.raises(KeyMissing):
                ask("citizen-id", NUMBER)


def test_the_form_is_what_the_decision_says() -> None:
    """Checked with independent code: HMAC-SHA-256 under a key of its own for each kind."""
    key = MemorySecrets(PEOPLE_INDEX, seed="ours").secrets(PEOPLE_INDEX)[0]
    of_kind = HKDFExpand(hashes.SHA256(), 32, b"yizheng index v2\x00citizen-id").derive(key.value)
    mac = hmac.new(of_kind, NUMBER.encode(), hashlib.sha256).digest()
    assert index().digest("citizen-id", NUMBER) == key.key_id.encode() + mac


def test_the_form_under_a_national_key_is_hmac_with_sm3() -> None:
    secrets = MemorySecrets(PEOPLE_INDEX, seed="ours", kind=SecretKind.NATIONAL)
    key = secrets.secrets(PEOPLE_INDEX)[0]
    of_kind = HKDFExpand(hashes.SM3(), 32, b"yizheng index v2\x00citizen-id").derive(key.value)
    mac = hmac.new(of_kind, NUMBER.encode(), "sm3").digest()
    assert HmacIndex(secrets, PEOPLE_INDEX).digest("citizen-id", NUMBER) == key.key_id.encode() + mac


def test_a_value_is_found_while_a_deployment_changes_over() -> None:
    secrets = MemorySecrets(PEOPLE_INDEX)
    ours = HmacIndex(secrets, PEOPLE_INDEX)
    before, secrets.kind = ours.digest("citizen-id", NUMBER), SecretKind.NATIONAL
    secrets.rotate(PEOPLE_INDEX)
    after = ours.digest("citizen-id", NUMBER)
    assert before != after
    assert {before, after} == set(ours.digests("citizen-id", NUMBER))


@given(texts, texts, texts, texts)
def test_equal_kind_and_value_and_nothing_else_have_equal_digests(kind: str, value: str, other: str, more: str) -> None:
    same = (kind, value) == (other, more)
    assert (index().digest(kind, value) == index().digest(other, more)) is same
    assert bool(set(index().digests(kind, value)) & set(index().digests(other, more))) is same


def test_kinds_of_the_index_do_not_meet() -> None:
    pairs = [("phone", NUMBER), ("citizen-id", NUMBER), ("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", "")]
    assert len({index().digest(kind, value) for kind, value in pairs}) == len(pairs)


def test_a_value_is_found_through_every_rotation_until_its_key_is_retired() -> None:
    secrets = MemorySecrets(PEOPLE_INDEX)
    index, first = HmacIndex(secrets, PEOPLE_INDEX), secrets.secrets(PEOPLE_INDEX)[0].key_id
    old = index.digest("phone", "1")
    secrets.prepare(PEOPLE_INDEX)
    assert index.digests("phone", "1")[0] == old
    assert len(index.digests("phone", "1")) == 2  # who holds a name holds it under the next key too
    secrets.rotate(PEOPLE_INDEX)
    assert index.digests("phone", "1")[1] == old
    assert index.digest("phone", "1").startswith(index.head())
    assert index.heads()[1] == first.encode()
    secrets.retire(first)
    assert old not in index.digests("phone", "1")
    assert index.heads() == (index.head(),)


def test_indexes_of_the_release_before_are_found_until_their_key_is_retired() -> None:
    secrets = MemorySecrets(PEOPLE_INDEX, FORMER_INDEX)
    index, former = HmacIndex(secrets, PEOPLE_INDEX, FORMER_INDEX), secrets.secrets(FORMER_INDEX)[0]
    bare = named_in_version_1(former, "citizen-id", NUMBER)
    assert bare == hmac.new(former.value, b"\x00\x0acitizen-id" + NUMBER.encode(), hashlib.sha256).digest()
    assert len(bare) == BARE_LENGTH
    assert index.digests("citizen-id", NUMBER)[-1] == bare
    assert index.digest("citizen-id", NUMBER) != bare
    assert index.finds_bare()
    secrets.retire(former.key_id)
    assert bare not in index.digests("citizen-id", NUMBER)
    assert not index.finds_bare()


def test_l18_public_knowledge_and_a_dump_recover_no_number() -> None:
    """All numbers of a district and a birthday are few; with the key they are tried in a moment, without it in vain."""
    people = [citizen_number(serial) for serial in range(1, 400)]
    stolen = {index().digest("citizen-id", people[7]), index().digest("citizen-id", people[300])}
    macs = {one[16:] for one in stolen}

    def guesses(number: str) -> set[bytes]:
        """What can be computed without a secret: digests, and MACs under everything that the dump shows."""
        made = {hashlib.new(name, number.encode()).digest() for name in ("sha256", "sha3_256", "blake2b")}
        made |= {hashlib.sha256(b"citizen-id" + number.encode()).digest()}
        for known in (b"", b"citizen-id", *(one[:16] for one in stolen), *macs):
            made.add(hmac.digest(known, number.encode(), "sha256"))
        return made

    assert not any(guesses(number) & macs for number in people)
    recovered = [number for number in people if index().digest("citizen-id", number) in stolen]
    assert recovered == [people[7], people[300]], "the twin: whoever has the key does find them"
    assert not any(index("theirs").digest("citizen-id", number)[16:] in macs for number in people)
