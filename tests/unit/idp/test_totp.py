"""One-time passwords against the vectors of RFC 6238 Appendix B (SHA-1), and what apps are told."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from idp.factors.recovery.codes import HashedCodes, hashed, new_codes, without
from idp.factors.totp.values import code_of, matching_step, otpauth_address, spelled, step_at

SECRET = b"12345678901234567890"


def at(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    assert code_of(SECRET, step_at(at(seconds))) == code[-6:]


def test_one_step_to_either_side_counts_and_nothing_beyond() -> None:
    now = at(3000)
    codes = {offset: code_of(SECRET, step_at(now) + offset) for offset in range(-3, 4)}
    counted = {offset for offset, code in codes.items() if matching_step(SECRET, code, now, after=0) is not None}
    assert counted == {-1, 0, 1}
    assert matching_step(SECRET, codes[0], now, after=step_at(now)) is None, "used already"
    assert matching_step(SECRET, codes[-1], now, after=step_at(now)) is None, "and none before it"
    assert matching_step(SECRET, codes[1], now, after=step_at(now)) == step_at(now) + 1
    for wrong in ("", "12345", codes[0] + "0", "abcdef", "１２３４５６"):
        assert matching_step(SECRET, wrong, now, after=0) is None


def test_what_the_app_is_told() -> None:
    address = urlsplit(otpauth_address(SECRET, issuer="示例市一证", label="示例市一证"))
    assert (address.scheme, address.netloc, unquote(address.path)) == ("otpauth", "totp", "/示例市一证:示例市一证")
    told = {name: value[0] for name, value in parse_qs(address.query).items()}
    assert told == {
        "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "issuer": "示例市一证",
        "algorithm": "SHA1",
        "digits": "6",
        "period": "30",
    }
    assert spelled(SECRET).replace(" ", "") == told["secret"]


def test_recovery_codes_are_found_as_people_copy_them_and_once() -> None:
    codes = new_codes()
    assert len(set(codes)) == 10
    kept = hashed(codes)
    assert not any(code.replace("-", "") in repr(kept) for code in codes)
    for typed in (codes[3].upper(), codes[3].replace("-", " "), f"  {codes[3]} ", codes[3].replace("1", "l")):
        left = without(kept, typed)
        assert left is not None
        assert len(left.hashes) == 9
        assert without(left, codes[3]) is None
        assert without(left, codes[4]) is not None
    assert all(without(kept, wrong) is None for wrong in ("", "0", codes[0][:-1], "i" * 60))
    assert without(HashedCodes("salt", kept.hashes), codes[0]) is None, "the salt counts"
