"""Secret values come from the system's generator, are long enough, and are compared in constant time (ASVS 11.5)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.tree import modules, name_of

BANNED_MODULES = {"random", "uuid", "numpy", "Crypto"}
BANNED_CALLS = {"os.urandom", "os.getrandom", "ssl.RAND_bytes"}  # good ones, but `secrets` is where a reviewer looks
SHORT = {
    "api/fast_lane.py": "names a request in the log; nobody gets anything for it",
    "api/middleware/request_id.py": "names a request in the log; nobody gets anything for it",
    "keys/key_making.py": "names a secret of the key ring",
    "keys/ceremony/machine.py": "asks whether the generator is seeded; takes nothing from it",
}
SECRET = re.compile(
    r"(^|_)(secret|mac|token|password|cookie|csrf|pin)$|(secret|cookie|code|token|retry|browser)_digests?$"
)
# Comparisons with == of values that sound secret and that no caller can choose.
PUBLIC = {
    "idp/authorization/needs.py": "two digests that are both ours, from the store and from short-lived state",
    "idp/passwords/rules.py": "a new password with parts of itself, to see whether it follows a pattern",
    "keys/backends/pkcs11.py": "the label of a PKCS#11 token",
    "keys/backends/pkcs11_wrapping.py": "the label of a PKCS#11 token",
}


def faults_of_randomness(name: str, source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (f"imports {one.name}" for one in node.names if one.name.partition(".")[0] in BANNED_MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in BANNED_MODULES:
            yield f"imports from {node.module}"
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in BANNED_CALLS and name not in SHORT:
                yield f"calls {called}"
            makes = called.endswith(("new_secret", "token_urlsafe"))
            if makes and node.args and isinstance(node.args[0], ast.Constant) and name not in SHORT:
                size = node.args[0].value
                if isinstance(size, int) and size < 16:
                    yield f"line {node.lineno}: a secret of {size * 8} bits"


def faults_of_comparison(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(isinstance(one, ast.Eq | ast.NotEq) for one in node.ops):
            sides = [node.left, *node.comparators]
            if any(isinstance(side, ast.Constant | ast.List | ast.Tuple) for side in sides):
                continue  # with a literal: nothing secret is in the source
            if any(_sounds_secret(side) for side in sides) and not any(_is_column(side) for side in sides):
                yield f"line {node.lineno}: {ast.unparse(node)}"


def _sounds_secret(side: ast.expr) -> bool:
    name = side.attr if isinstance(side, ast.Attribute) else side.id if isinstance(side, ast.Name) else ""
    return not name.isupper() and SECRET.search(name.lower()) is not None  # a constant is no secret


def _is_column(side: ast.expr) -> bool:
    """A database compares it, under an index."""
    text = ast.unparse(side)
    return ".c." in text or text.startswith("columns.")


def sources() -> dict[str, str]:
    return {name_of(path): path.read_text(encoding="utf-8") for path in modules()}


def test_randomness_comes_from_secrets_and_is_enough() -> None:
    found = {name: list(faults_of_randomness(name, source)) for name, source in sources().items()}
    assert not {name: faults for name, faults in found.items() if faults}


def test_secret_values_are_compared_in_constant_time() -> None:
    found = {name: list(faults_of_comparison(source)) for name, source in sources().items() if name not in PUBLIC}
    assert not {name: faults for name, faults in found.items() if faults}


def test_every_exception_is_still_one() -> None:
    by_name = sources()
    assert not [name for name in PUBLIC if not list(faults_of_comparison(by_name[name]))]
    assert not [name for name in SHORT if not list(faults_of_randomness("", by_name[name]))]


@pytest.mark.parametrize(
    "source",
    [
        "import random",
        "from random import choice",
        "import uuid",
        "import os\nos.urandom(16)",
        "from core.ids import new_secret\nnew_secret(8)",
        "import secrets\nsecrets.token_urlsafe(15)",
    ],
)
def test_planted_randomness_is_seen(source: str) -> None:
    assert list(faults_of_randomness("planted.py", source))


@pytest.mark.parametrize(
    "source",
    [
        "if sent == stored.secret: ...",
        "ok = token != expected_token",
        "x = hash(a).hexdigest() == row.secret_digest",
        "if _mac(key, head) != mac: ...",
    ],
)
def test_planted_comparisons_are_seen(source: str) -> None:
    assert list(faults_of_comparison(source))
