"""The Merkle tree over the audit log, pure: roots and proofs beside the known vectors and a foreign implementation."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree  # type: ignore[import-untyped]  # ships no types

from core.transparency.merkle import (
    EMPTY_ROOT,
    Growing,
    Node,
    assembled,
    consistency_nodes,
    fold,
    inclusion_nodes,
    is_consistent,
    leaf_hash,
    node_hash,
    root_by_inclusion,
    subtrees,
    whole_root,
)

# RFC 6962's reference tree: eight leaves, and the root after each of them
VECTOR_LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
VECTOR_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = st.integers(1, 70)


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(f"row {number}".encode()) for number in range(size)]


def nodes_of(leaves: list[bytes]) -> dict[Node, bytes]:
    found: dict[Node, bytes] = {}
    level, row = 0, leaves
    while row:
        found |= {(level, index): one for index, one in enumerate(row)}
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)]
        level += 1
    return found


def root_of(leaves: list[bytes]) -> bytes:
    nodes = nodes_of(leaves)
    return fold([nodes[one] for one in subtrees(0, len(leaves))])


def foreign(size: int) -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for number in range(size):
        tree.append_entry(f"row {number}".encode())
    return tree


def test_the_reference_tree_has_its_known_roots() -> None:
    growing = Growing()
    assert growing.root() == EMPTY_ROOT
    for number, (leaf, root) in enumerate(zip(VECTOR_LEAVES, VECTOR_ROOTS, strict=True), 1):
        growing.append(leaf_hash(leaf))
        assert growing.root().hex() == root
        assert root_of([leaf_hash(one) for one in VECTOR_LEAVES[:number]]).hex() == root


@given(SIZES)
@settings(max_examples=30)
def test_roots_are_those_of_another_implementation(size: int) -> None:
    tree = foreign(size)
    assert root_of(leaves_of(size)) == tree.get_root(size)
    growing = Growing(size // 2, [nodes_of(leaves_of(size))[one] for one in subtrees(0, size // 2)])
    for leaf in leaves_of(size)[size // 2 :]:
        growing.append(leaf)
    assert growing.root() == tree.get_root(size)


@given(SIZES, st.data())
@settings(max_examples=60)
def test_an_inclusion_proof_leads_to_the_root_and_has_the_hashes_of_another_implementation(
    size: int, data: st.DataObject
) -> None:
    leaves, index = leaves_of(size), data.draw(st.integers(0, size - 1))
    proof = assembled(inclusion_nodes(index, size), nodes_of(leaves))
    assert root_by_inclusion(leaves[index], index, size, proof) == root_of(leaves)
    theirs = foreign(size).prove_inclusion(index + 1, size).path
    assert sorted(theirs) == sorted([leaves[index], *proof])


@given(SIZES, st.data())
@settings(max_examples=60)
def test_an_inclusion_proof_holds_for_its_leaf_and_place_alone(size: int, data: st.DataObject) -> None:
    leaves, index = leaves_of(size), data.draw(st.integers(0, size - 1))
    proof = assembled(inclusion_nodes(index, size), nodes_of(leaves))
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index)) if size > 1 else None
    root = root_of(leaves)
    assert root_by_inclusion(leaf_hash(b"never happened"), index, size, proof) != root
    assert root_by_inclusion(leaves[index], index, size, [*proof, bytes(32)]) is None
    if other is not None:
        assert root_by_inclusion(leaves[index], other, size, proof) != root
        assert root_by_inclusion(leaves[index], index, size, proof[:-1]) != root
        at = data.draw(st.integers(0, len(proof) - 1))
        assert root_by_inclusion(leaves[index], index, size, [*proof[:at], bytes(32), *proof[at + 1 :]]) != root
    assert root_by_inclusion(leaves[index], size, size, proof) is None


@given(SIZES, st.data())
@settings(max_examples=60)
def test_a_consistency_proof_holds_for_a_beginning_and_for_nothing_else(size: int, data: st.DataObject) -> None:
    leaves, first = leaves_of(size), data.draw(st.integers(0, size))
    old, new = root_of(leaves[:first]), root_of(leaves)
    proof = assembled(consistency_nodes(first, size), nodes_of(leaves))
    assert is_consistent(first, old, size, new, proof)
    assert not is_consistent(first, old, size, new, [*proof, bytes(32)])
    assert not is_consistent(first, leaf_hash(b"x"), size, new, proof)
    if first == 0:
        return
    place = data.draw(st.integers(0, first - 1))
    changed = [*leaves[:place], leaf_hash(b"changed"), *leaves[place + 1 :]]
    forged = assembled(consistency_nodes(first, size), nodes_of(changed))
    assert not is_consistent(first, old, size, root_of(changed), forged)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not is_consistent(first, old, size, new, [*proof[:at], bytes(32), *proof[at + 1 :]])
        assert not is_consistent(first, old, size, new, proof[:-1])


@given(st.integers(1, 6), st.integers(0, 20))
def test_whole_subtrees_are_what_their_leaves_make(level: int, index: int) -> None:
    size = 1 << level
    leaves = leaves_of(size * (index + 1))
    assert nodes_of(leaves)[level, index] == whole_root(leaves[-size:])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_nodes(index, size)


def test_sizes_out_of_order_have_no_proof() -> None:
    with pytest.raises(ValueError, match="out of order"):
        consistency_nodes(3, 2)
    assert not is_consistent(3, EMPTY_ROOT, 2, EMPTY_ROOT, [])
