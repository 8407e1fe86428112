"""Split secrets: any k of n shares give the secret, fewer say nothing, and a wrong one is named.

The field is computed here a second time, by logarithms, and shares are judged by plain evaluation of polynomials.
"""

from __future__ import annotations

import dataclasses
import itertools
import secrets
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import ShareRefused
from keys.secrets.split import Share, check_share, combine_shares, split_secret

SECRET = bytes(range(100, 132))


def _field() -> tuple[list[int], dict[int, int]]:
    """Powers of 3, a generator of the field of FIPS 197, and their logarithms."""
    powers = [1]
    while len(powers) < 255:
        doubled = powers[-1] << 1
        powers.append(powers[-1] ^ (doubled ^ 0x11B if doubled & 0x100 else doubled))
    return powers, {power: exponent for exponent, power in enumerate(powers)}


POWERS, LOGARITHMS = _field()


def _times(left: int, right: int) -> int:
    return POWERS[(LOGARITHMS[left] + LOGARITHMS[right]) % 255] if left and right else 0


def _evaluated(coefficients: list[int], x: int) -> int:
    total, power = 0, 1
    for coefficient in coefficients:
        total ^= _times(coefficient, power)
        power = _times(power, x)
    return total


def _interpolated(points: list[tuple[int, int]], at: int) -> int:
    total = 0
    for x, y in points:
        weight = 1
        for other, _ in points:
            if other != x:
                quotient = POWERS[-LOGARITHMS[other ^ x] % 255]
                weight = _times(weight, _times(other ^ at, quotient))
        total ^= _times(y, weight)
    return total


def _prints(shares: tuple[Share, ...]) -> list[str]:
    return [share.fingerprint for share in shares]


def test_the_second_field_is_that_of_fips_197() -> None:
    assert (_times(0x57, 0x83), _times(0x57, 0x13)) == (0xC1, 0xFE)  # FIPS 197 §4.2


@pytest.mark.parametrize(("threshold", "total"), [(2, 2), (2, 3), (3, 5), (5, 16), (16, 16)])
def test_shares_are_points_of_the_polynomials(threshold: int, total: int, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[bytes] = []

    def draw(size: int) -> bytes:
        drawn.append(bytes((37 * len(drawn) + 11 * place + 5) % 256 for place in range(size)))
        return drawn[-1]

    monkeypatch.setattr(secrets, "token_bytes", draw)
    shares = split_secret(SECRET, threshold=threshold, total=total)
    coefficients = [SECRET, *drawn[: threshold - 1]]
    for share in shares:
        for place, value in enumerate(share.value):
            assert value == _evaluated([coefficient[place] for coefficient in coefficients], share.index)


def test_a_fixed_vector() -> None:
    """s = 42, coefficients b7, 1d: y(1) = 42+b7+1d, y(2) = 42 + 2*b7 + 4*1d, y(3) = 42 + 3*b7 + 5*1d, by hand."""
    values = {1: 0xE8, 2: 0x42 ^ 0x75 ^ 0x74, 3: 0x42 ^ 0xC2 ^ 0x69}
    assert all(_evaluated([0x42, 0xB7, 0x1D], x) == y for x, y in values.items())
    shares = tuple(Share(b"12345", 3, 3, x, bytes([y])) for x, y in values.items())
    assert combine_shares(shares, _prints(shares)) == b"\x42"


@given(
    st.binary(min_size=1, max_size=40),
    st.integers(2, 7).flatmap(lambda total: st.tuples(st.integers(2, total), st.just(total))),
    st.randoms(use_true_random=False),
)
def test_any_k_of_n_give_the_secret(secret: bytes, numbers: tuple[int, int], random: object) -> None:
    threshold, total = numbers
    shares = split_secret(secret, threshold=threshold, total=total)
    for chosen in itertools.combinations(shares, threshold):
        mixed = list(chosen)
        random.shuffle(mixed)  # type: ignore[attr-defined]  # a random.Random
        assert combine_shares(mixed, _prints(shares)) == secret
    assert combine_shares(shares, _prints(shares)) == secret


def test_two_shares_of_three_take_every_pair_of_values_equally_often_whatever_the_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exhaustive: all 65,536 choices of coefficients at once, as the bytes of one long secret."""
    first = bytes(range(256)) * 256
    second = bytes(value for value in range(256) for _ in range(256))
    for secret in (0x00, 0x01, 0xA7, 0xFF):
        draws: Iterator[bytes] = iter([first, second, b"setid"])
        monkeypatch.setattr(secrets, "token_bytes", lambda _, draws=draws: next(draws))
        shares = split_secret(bytes([secret]) * 65536, threshold=3, total=3)
        for one, other in itertools.combinations(shares, 2):
            seen = Counter(zip(one.value, other.value, strict=True))
            assert len(seen) == 65536  # each pair once: the two shares say nothing


@given(st.integers(0, 255), st.integers(3, 6))
def test_to_every_secret_there_is_a_polynomial_that_fits_all_shares_but_one(secret: int, threshold: int) -> None:
    shares = split_secret(bytes([secret]), threshold=threshold, total=threshold)
    held = [(share.index, share.value[0]) for share in shares[:-1]]
    lacking = {_interpolated([(0, guess), *held], threshold) for guess in range(256)}
    assert len(lacking) == 256  # each guess has its own value of the lacking share: none is likelier


@pytest.mark.parametrize("changed", [1, 2, 3])
def test_a_corrupt_share_is_named(changed: int) -> None:
    shares = split_secret(SECRET, threshold=3, total=5)
    prints = _prints(shares)
    spoiled = [
        dataclasses.replace(share, value=bytes([share.value[0] ^ 1]) + share.value[1:])
        if share.index == changed
        else share
        for share in shares[:3]
    ]
    with pytest.raises(ShareRefused) as refused:
        combine_shares(spoiled, prints)
    assert refused.value.index == changed
    assert f"Share {changed} is wrong" in refused.value.text.en
    assert combine_shares(shares[:3], prints) == SECRET


def test_sets_are_not_mixed() -> None:
    ours, theirs = (split_secret(SECRET, threshold=2, total=3) for _ in range(2))
    with pytest.raises(ShareRefused, match="another ceremony") as refused:
        combine_shares([ours[0], theirs[1]], _prints(ours))
    assert refused.value.index == 2
    with pytest.raises(ShareRefused):
        check_share(theirs[0], _prints(ours), set_id=ours[0].set_id)
    check_share(ours[0], _prints(ours), set_id=ours[0].set_id)


def test_too_few_and_twice_the_same_are_refused() -> None:
    shares = split_secret(SECRET, threshold=3, total=5)
    with pytest.raises(ShareRefused, match="3 shares are needed, and 2 are here"):
        combine_shares(shares[:2], _prints(shares))
    with pytest.raises(ShareRefused, match="given twice"):
        combine_shares([shares[0], shares[1], shares[0]], _prints(shares))
    with pytest.raises(ShareRefused):
        combine_shares([], _prints(shares))
    assert combine_shares(shares[:3], _prints(shares)) == SECRET


@pytest.mark.parametrize(("threshold", "total"), [(1, 3), (0, 2), (4, 3), (2, 17), (17, 17)])
def test_other_numbers_are_refused(threshold: int, total: int) -> None:
    with pytest.raises(ShareRefused):
        split_secret(SECRET, threshold=threshold, total=total)


def test_a_secret_of_nothing_is_refused() -> None:
    with pytest.raises(ShareRefused):
        split_secret(b"", threshold=2, total=3)


def test_the_value_of_a_share_is_not_shown() -> None:
    share = split_secret(SECRET, threshold=2, total=2)[0]
    assert repr(share.value) not in repr(share)
    assert share.value.hex() not in repr(share)
