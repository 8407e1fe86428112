"""A secret split among people: any k of n shares give it back, k - 1 say nothing about it.

Shamir's scheme (Communications of the ACM 22 (11), 1979) for each byte, over the field of FIPS 197 §4.2.

Promised: in splitting and combining every product has one factor that is public (a share's index or what follows
from indices), so no table is indexed with a secret and no branch depends on one. Not promised, because Python does
not let us: that numbers take the same time whatever their value, and that copies are wiped from memory.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.text import Text
from keys.errors import ShareRefused

MOST_SHARES = 16
SET_ID = 5  # bytes: enough to tell the ceremonies of a city apart
_REDUCTION = 0x1B  # x^8 = x^4 + x^3 + x + 1, FIPS 197 §4.2


@dataclass(frozen=True, slots=True)
class Share:
    """One share: a point of the polynomials.

    Attributes:
        set_id: random, the same in all shares that were made together.
        threshold: how many shares give the secret.
        total: how many there are.
        index: which one this is, from 1; the x of the point.
        value: the y of each byte's point.
    """

    set_id: bytes
    threshold: int
    total: int
    index: int
    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_numbers(self.threshold, self.total)
        if not 1 <= self.index <= self.total or len(self.set_id) != SET_ID or not self.value:
            raise ShareRefused(Text("分片的编号不合理。", "The numbers of a share do not fit together."))

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal: recognises the share, and with 16 random bytes or more in it betrays nothing."""
        head = b"yizheng share v1" + self.set_id + bytes((self.threshold, self.total, self.index))
        return hashlib.sha256(head + self.value).hexdigest()


def check_numbers(threshold: int, total: int) -> None:
    """
    Raises:
        ShareRefused: not 2 <= threshold <= total <= 16.
    """
    if not 2 <= threshold <= total <= MOST_SHARES:
        text = Text(
            f"分片总数应为 2 至 {MOST_SHARES}，恢复所需数不少于 2 且不超过总数。",
            f"Have 2 to {MOST_SHARES} shares, of which at least 2 and at most all are needed.",
        )
        raise ShareRefused(text)


def split_secret(secret: bytes, *, threshold: int, total: int) -> tuple[Share, ...]:
    """`total` shares of which any `threshold` give `secret` back.

    Raises:
        ShareRefused: not 2 <= threshold <= total <= 16, or no secret.
    """
    check_numbers(threshold, total)
    size = len(secret)
    # all coefficients are uniform, the highest one too: only then do k - 1 shares say nothing
    coefficients = [secret, *(secrets.token_bytes(size) for _ in range(threshold - 1))]
    set_id = secrets.token_bytes(SET_ID)
    return tuple(
        Share(set_id, threshold, total, index, _evaluate(coefficients, index, size)) for index in range(1, total + 1)
    )


def combine_shares(shares: Sequence[Share], fingerprints: Sequence[str]) -> bytes:
    """The secret.

    Args:
        shares: at least as many as are needed, in any order; each is checked.
        fingerprints: of all shares of the set, in the order of their indices, kept when they were made.

    Raises:
        ShareRefused: names the share that is wrong (`index`) and why, or says that some are lacking.
    """
    if not shares:
        raise ShareRefused(Text("没有分片。", "There is no share."))
    for share in shares:
        check_share(share, fingerprints, set_id=shares[0].set_id)
    indices = [share.index for share in shares]
    twice = next((index for index in indices if indices.count(index) > 1), None)
    if twice is not None:
        raise ShareRefused(Text(f"分片 {twice} 录入了两次。", f"Share {twice} was given twice."), index=twice)
    needed = shares[0].threshold
    if len(shares) < needed:
        text = Text(
            f"需要 {needed} 个分片，只有 {len(shares)} 个。", f"{needed} shares are needed, and {len(shares)} are here."
        )
        raise ShareRefused(text)
    return _interpolate(shares[:needed])


def check_share(share: Share, fingerprints: Sequence[str], *, set_id: bytes) -> None:
    """Whether a share is one of the set. It needs no other share and tells nothing about the secret.

    Raises:
        ShareRefused: it belongs to another set, or is not the share that was made under its number.
    """
    if share.set_id != set_id or share.total != len(fingerprints):
        text = Text(
            f"分片 {share.index} 属于另一次仪式（套号 {share.set_id.hex()}），请换一个。",
            f"Share {share.index} belongs to another ceremony (set {share.set_id.hex()}); bring the right one.",
        )
        raise ShareRefused(text, index=share.index)
    if not hmac.compare_digest(share.fingerprint, fingerprints[share.index - 1]):
        text = Text(
            f"分片 {share.index} 的内容不正确，不是当时发出的那一个。",
            f"Share {share.index} is wrong: it is not the one that was handed out under this number.",
        )
        raise ShareRefused(text, index=share.index)


def _evaluate(coefficients: Sequence[bytes], x: int, size: int) -> bytes:
    """Horner's rule for all bytes at once; `x` is public."""
    result = 0
    for coefficient in reversed(coefficients):
        result = _times(result, x, size) ^ int.from_bytes(coefficient, "big")
    return result.to_bytes(size, "big")


def _interpolate(shares: Sequence[Share]) -> bytes:
    """Lagrange at zero: the sum of each y times the product of x_j / (x_j - x_i), where minus is xor."""
    size = len(shares[0].value)
    result = 0
    for share in shares:
        weight = 1
        for other in shares:
            if other.index != share.index:
                weight = _times(weight, _times(other.index, _inverse(other.index ^ share.index), 1), 1)
        result ^= _times(int.from_bytes(share.value, "big"), weight, size)
    return result.to_bytes(size, "big")


def _times(block: int, factor: int, size: int) -> int:
    """Each of the `size` bytes of `block` times `factor`. Only the factor, which is public, decides what is done."""
    ones = _ones(size)
    product = 0
    for bit in range(8):
        if factor >> bit & 1:
            product ^= block
        overflow = block >> 7 & ones
        block = (block & ones * 0x7F) << 1 ^ overflow * _REDUCTION
    return product


@functools.cache
def _inverse(factor: int) -> int:
    """factor^254, for public numbers."""
    result = 1
    for _ in range(254):
        result = _times(result, factor, 1)
    return result


@functools.cache
def _ones(size: int) -> int:
    return int.from_bytes(b"\x01" * size, "big")
