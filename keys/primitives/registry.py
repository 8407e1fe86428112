"""Which family computes an algorithm: by the row of the table."""

from __future__ import annotations

from collections.abc import Callable

from keys.primitives import rsa
from keys.primitives.ecdsa import Ecdsa
from keys.primitives.ed25519 import Ed25519
from keys.primitives.ports import Primitive
from keys.primitives.sm2 import Sm2
from keys.spec import ALGORITHMS, AlgorithmRow, SignatureAlgorithm

_FAMILIES: dict[str, Callable[[AlgorithmRow], Primitive]] = {
    "ecdsa": Ecdsa,
    "rsa-pkcs1": rsa.pkcs1,
    "rsa-pss": rsa.pss,
    "ed25519": Ed25519,
    "sm2": Sm2,
}

_PRIMITIVES = {algorithm: _FAMILIES[row.family](row) for algorithm, row in ALGORITHMS.items()}


def primitive(algorithm: SignatureAlgorithm) -> Primitive:
    """The one that computes `algorithm`."""
    return _PRIMITIVES[algorithm]
