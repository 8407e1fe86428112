"""The Merkle tree over the audit log's rows (pure): hashes, roots, proofs (RFC 9162 §2.1).

A leaf's data is the hash of a chained row, which covers its number and its content. A node is named by its level and
place: level 0 has the leaves, and the node `(level, index)` covers the leaves `index · 2^level` and the next `2^level`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

HASH_OCTETS = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()  # §2.1.1: MTH({}) = HASH()

Node = tuple[int, int]
"""Level and index of a whole subtree."""


def leaf_hash(data: bytes) -> bytes:
    """§2.1.1: HASH(0x00 || d)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """§2.1.1: HASH(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over whole subtrees that stand side by side, the greatest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def whole_root(hashes: Sequence[bytes]) -> bytes:
    """The root over as many hashes of one level as a power of two."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


class Growing:
    """A tree that grows leaf by leaf and keeps only the roots of its whole subtrees.

    Args:
        size: leaves that were there before.
        peaks: the roots of `subtrees(0, size)`.
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size = size
        self._peaks = list(peaks)

    def append(self, leaf: bytes) -> None:
        """
        Args:
            leaf: its hash.
        """
        carried, size = leaf, self.size
        while size & 1:  # each 1 is a whole subtree that the new leaf completes to one of twice its size
            carried = node_hash(self._peaks.pop(), carried)
            size >>= 1
        self._peaks.append(carried)
        self.size += 1

    def root(self) -> bytes:
        return fold(self._peaks)


def subtrees(start: int, end: int) -> list[Node]:
    """The whole subtrees that make up the leaves from `start` to before `end`, from the left.

    `start` is a multiple of the smallest power of two that is not below the length, as in every step of §2.1.
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def inclusion_nodes(index: int, size: int) -> list[list[Node]]:
    """For each hash of PATH(index, D_size) (§2.1.3.1) the subtrees whose fold it is, in the order of the proof.

    Raises:
        ValueError: there is no such leaf in a tree of that size.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    return [subtrees(*part) for part in reversed(list(_siblings(index, 0, size)))]


def _siblings(index: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts beside the path to a leaf, from the root down."""
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            yield middle, end
            end = middle
        else:
            yield start, middle
            start = middle


def consistency_nodes(first: int, second: int) -> list[list[Node]]:
    """The same for PROOF(first, D_second) (§2.1.4.1); empty where the sizes are equal or the first tree is.

    Raises:
        ValueError: the first tree is greater than the second.
    """
    if not 0 <= first <= second:
        raise ValueError("sizes out of order")
    if first in (0, second):
        return []
    start, end, parts, old_is_whole = 0, second, [], True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((start, middle))
            start, old_is_whole = middle, False
    if not old_is_whole:
        parts.append((start, end))
    return [subtrees(*part) for part in reversed(parts)]


def _split(length: int) -> int:
    """The greatest power of two that is less than `length`."""
    return 1 << ((length - 1).bit_length() - 1)


def assembled(plan: Sequence[Sequence[Node]], nodes: Mapping[Node, bytes]) -> list[bytes]:
    """The proof whose parts are `plan`."""
    return [fold([nodes[node] for node in part]) for part in plan]


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that a leaf at `index` leads to (§2.1.3.2); None where the proof has not the form for these numbers."""
    if not 0 <= index < size:
        return None
    place, last, root = index, size - 1, leaf
    for one in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            root = node_hash(one, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, one)
        place, last = place >> 1, last >> 1
    return root if last == 0 else None


def is_consistent(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `first` leaves is the beginning of that of `second` (§2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(one, old), node_hash(one, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, one)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
