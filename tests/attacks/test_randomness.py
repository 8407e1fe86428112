"""Codes, tokens, ids and nonces never repeat, hold 128 bits, and are no others' after a fork (attacks K-13)."""

from __future__ import annotations

import base64
import multiprocessing
from collections import Counter

from core.ids import new_id, new_secret
from keys.secrets.field import EnvelopeCipher
from keys.secrets.purposes import PEOPLE
from tests.support.clock import FakeClock
from tests.support.secrets import MemorySecrets

MANY = 200_000
PROCESSES, EACH = 4, 10_000


def _made(count: int) -> list[str]:
    return [new_secret(16) for _ in range(count)]


def test_k13_no_secret_is_made_twice() -> None:
    made = _made(MANY)
    assert len(set(made)) == MANY
    assert {len(base64.urlsafe_b64decode(one + "==")) for one in made[:1000]} == {16}  # 128 bits
    assert len(base64.urlsafe_b64decode(new_secret() + "=")) == 32


def test_k13_bytes_are_evenly_spread() -> None:
    """Chi-square over byte values, 255 degrees of freedom: one good run in 100,000 is beyond 370."""
    octets = b"".join(base64.urlsafe_b64decode(one + "==") for one in _made(MANY // 4))
    assert _chi_square(octets) < 370
    assert _chi_square(octets.replace(b"\x00", b"\x01")) > 370, "the twin: a lopsided generator is seen"


def _chi_square(octets: bytes) -> float:
    expected = len(octets) / 256
    counts = Counter(octets)
    return sum((counts[value] - expected) ** 2 / expected for value in range(256))


def test_k13_processes_that_were_forked_do_not_repeat_each_other() -> None:
    new_secret()  # whatever state there could be to inherit
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        made = [one for part in pool.map(_made, [EACH] * PROCESSES, chunksize=1) for one in part]
    made += _made(EACH)
    assert len(set(made)) == (PROCESSES + 1) * EACH


def test_k13_ids_of_one_moment_do_not_meet() -> None:
    clock = FakeClock()
    assert len({new_id(clock, "fam") for _ in range(MANY // 4)}) == MANY // 4


def test_k13_no_two_values_share_a_nonce() -> None:
    cipher = EnvelopeCipher(MemorySecrets(PEOPLE), PEOPLE)
    nonces = {cipher.encrypt("", context="account.name:acc_1")[17:29] for _ in range(MANY // 10)}
    assert len(nonces) == MANY // 10
