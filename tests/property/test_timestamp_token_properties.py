"""Tokens under hostile bytes: read or refused, never anything else, and no changed token proves another fact."""

from __future__ import annotations

import contextlib
import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AppError
from keys.tsa.errors import AnswerRefused, TimestampRefused
from keys.tsa.response import read_response, write_granted
from keys.tsa.token import read_token
from keys.tsa.trust import JudgedTrust, root_trust
from keys.tsa.verify import verify_token
from tests.support import timestamp_forgeries as forged
from tests.support.clock import START, FakeClock
from tests.support.timestamp_pki import StampingAuthority

CONTENT = b"content"
AUTHORITY = StampingAuthority()


@functools.cache
def good() -> bytes:
    return forged.token(AUTHORITY.unit(), forged.tst_info(CONTENT))


def with_even_issuer() -> tuple[bytes, JudgedTrust]:
    """A token whose issuing certificate ends in a zero bit: the count of its unused bits could be raised unnoticed."""
    for number in range(200):
        authority = StampingAuthority("Even", keys=str(number))
        if authority.chain_certificate[-1] % 2 == 0:
            return forged.token(authority.unit(), forged.tst_info(CONTENT)), root_trust([authority.anchor], FakeClock())
    raise AssertionError("two hundred odd signatures in a row")


def changed(der: bytes, position: int, bits: int) -> bytes:
    return der[:position] + bytes((der[position] ^ bits,)) + der[position + 1 :]


@given(st.binary(max_size=400))
def test_whatever_comes_is_refused(der: bytes) -> None:
    with pytest.raises(TimestampRefused):
        read_token(der)
    with contextlib.suppress(AnswerRefused):
        read_response(der)


@given(st.data())
def test_a_cut_or_stretched_token_is_refused(data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(good()) - 1))
    with pytest.raises(TimestampRefused):
        read_token(good()[:end])
    with pytest.raises(TimestampRefused):
        read_token(good() + data.draw(st.binary(min_size=1, max_size=9)))
    with pytest.raises(AnswerRefused):
        read_response(write_granted(good())[:end])


async def test_no_changed_octet_proves_another_fact() -> None:
    """Each octet, changed in its lowest and its highest bit. What is not signed may change; what is proved may not."""
    der, trust = with_even_issuer()
    proven = await verify_token(read_token(der), CONTENT, trust=trust, at=START)
    accepted = 0
    for position in range(len(der)):
        for bits in (0x01, 0x80):
            try:
                token = read_token(changed(der, position, bits))
                found = await verify_token(token, CONTENT, trust=trust, at=START)
            except AppError:
                continue
            accepted += 1
            assert found == proven, position
    assert accepted < 0.02 * 2 * len(der)
