"""Digests of opaque tokens: keyed, apart by use, and good for what an earlier release stored (attacks K-05, O-38)."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from keys.secrets.purposes import TOKENS
from keys.secrets.token_digest import HmacTokenDigests
from tests.support.secrets import MemorySecrets

SECRETS = MemorySecrets(TOKENS, seed="ours")
DIGESTS = HmacTokenDigests(SECRETS, once_plain=frozenset({"session"}))


@given(st.text())
def test_any_text_is_digested_and_recognised(value: str) -> None:
    stored = DIGESTS.digest("session", value)
    assert len(stored) == 60
    assert stored.isascii()
    assert DIGESTS.matches("session", value, stored)
    assert DIGESTS.digests("session", value)[0] == stored
    assert not DIGESTS.matches("session", value + "x", stored)


@given(st.text(), st.text())
def test_nothing_made_up_matches(value: str, stored: str) -> None:
    assert not DIGESTS.matches("code", value, stored)


def test_the_form_is_what_the_decision_says() -> None:
    """Checked with independent code: HMAC-SHA-256 under a key of its own for each use."""
    key = SECRETS.secrets(TOKENS)[0]
    of_use = HKDFExpand(hashes.SHA256(), 32, b"yizheng token v2\x00session").derive(key.value)
    mac = base64.urlsafe_b64encode(hmac.new(of_use, b"abc", hashlib.sha256).digest()).decode().rstrip("=")
    assert DIGESTS.digest("session", "abc") == f"{key.key_id}.{mac}"


def test_a_digest_of_one_use_is_nothing_in_another() -> None:
    assert not DIGESTS.matches("code", "abc", DIGESTS.digest("session", "abc"))
    assert not set(DIGESTS.digests("code", "abc")) & set(DIGESTS.digests("session", "abc"))


def test_another_ring_does_not_know_our_digests() -> None:
    theirs = HmacTokenDigests(MemorySecrets(TOKENS, seed="theirs"))
    assert not theirs.matches("session", "abc", DIGESTS.digest("session", "abc"))


def test_plain_digests_are_known_only_where_they_once_were() -> None:
    plain = hashlib.sha256(b"abc").hexdigest()
    assert plain == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4
    assert DIGESTS.matches("session", "abc", plain)
    assert DIGESTS.digests("session", "abc")[1:] == (plain,)
    assert not DIGESTS.is_current(plain)
    assert not DIGESTS.matches("session", "abd", plain)
    assert not DIGESTS.matches("refresh", "abc", plain)
    assert plain not in DIGESTS.digests("refresh", "abc")


def test_a_digest_is_good_until_its_key_is_retired() -> None:
    secrets = MemorySecrets(TOKENS)
    digests, first = HmacTokenDigests(secrets), secrets.secrets(TOKENS)[0].key_id
    old = digests.digest("session", "abc")
    secrets.prepare(TOKENS)
    assert old in digests.digests("session", "abc")
    assert len(digests.digests("session", "abc")) == 2  # another worker may have made the next one active already
    secrets.rotate(TOKENS)
    assert digests.matches("session", "abc", old)
    assert old in digests.digests("session", "abc")
    assert digests.digest("session", "abc") != old
    assert not digests.is_current(old)
    secrets.retire(first)
    assert not digests.matches("session", "abc", old)
    assert digests.matches("session", "abc", digests.digest("session", "abc"))


@pytest.mark.parametrize("stored", ["", ".", "\udcff" * 60, "0" * 64, "秘密", "a" * 1_000])
def test_o38_no_stored_or_sent_text_is_too_odd(stored: str) -> None:
    for sent in ("", "abc", "密码", "\ud800", "\x00"):
        assert not DIGESTS.matches("session", sent, stored)


@pytest.mark.parametrize("what", ["nobody", "wrong", "right but for the last letter", "of a retired key", "right"])
def test_f07_every_answer_costs_the_same_work(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not measured but counted: one keyed digest and one comparison, which takes as long whatever it compares."""
    right = DIGESTS.digest("code", "abc")
    stored = {
        "nobody": None,
        "wrong": DIGESTS.digest("code", "abd"),
        "right but for the last letter": right[:-1] + ("A" if right[-1] != "A" else "B"),
        "of a retired key": "R" * 16 + right[16:],
        "right": right,
    }[what]
    macs, compared = [], []
    digest, compare = hmac.digest, hmac.compare_digest
    monkeypatch.setattr(hmac, "digest", lambda key, data, name: macs.append(len(data)) or digest(key, data, name))
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: compared.append(1) or compare(one, other))
    assert DIGESTS.matches("code", "abc", stored) is (what == "right")
    assert (len(macs), len(compared)) == (1, 1)  # the key of the use is known by now


def test_nobody_has_a_digest() -> None:
    assert not DIGESTS.matches("session", "", None)
    assert not DIGESTS.matches("session", "abc", None)
