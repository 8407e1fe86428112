"""Whatever an OFD may be refused for, people are told in words of its own: no code is without them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import signing.ofd
from signing.ofd.from_pdf.refuse import REASONS, not_convertible
from signing.ofd.package import PackageRefused
from signing.ofd.refusing import refused
from signing.verification.ofd_words import REFUSALS, refusal_words

_HOME = Path(signing.ofd.__file__).parent
_VERIFYING = ("archive.py", "coverage.py", "facts.py", "package.py", "signatures.py", "xml.py")
"""What reads a package that is to be verified (`signing.ofd.facts`); the rest reads pages."""


def _calls(files: Iterator[Path], *names: str) -> Iterator[ast.Call]:
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                if name in names:
                    yield node


def _words(calls: Iterator[ast.Call], keyword: str = "") -> set[str]:
    """What may be the first argument, or where there is one, that of this name; of tuples handed on, theirs."""
    found = set()
    for call in calls:
        named = [one.value for one in call.keywords if one.arg == keyword]
        for one in named or call.args[:1]:
            tuples = [part.elts[0] for part in ast.walk(one) if isinstance(part, ast.Tuple)]
            found |= {
                part.value for each in tuples or [one] for part in ast.walk(each) if isinstance(part, ast.Constant)
            }
    return {one for one in found if isinstance(one, str) and one}


CODES = _words(_calls(_HOME.rglob("*.py"), "PackageRefused"))
OF_VERIFYING = _words(_calls((_HOME / one for one in _VERIFYING), "PackageRefused"), "reason")
OF_CONVERTING = _words(_calls((_HOME / "from_pdf").glob("*.py"), "note", "NoColour", "FontRefused", "ImageRefused"))


def test_the_lists_are_found() -> None:
    assert {"damaged", "cycle", "font", "zip64"} <= CODES
    assert {"xml-entities", "listed-twice", "damaged"} <= OF_VERIFYING
    assert {"font-type3", "signed"} <= OF_CONVERTING


@pytest.mark.parametrize("code", sorted(CODES))
def test_sealing_and_reading_say_each_in_words_of_its_own(code: str) -> None:
    told, damaged = refused(PackageRefused(code)), refused(PackageRefused("damaged"))
    assert told.code == f"ofd-{code}"
    assert told.text.zh
    assert told.text.en
    assert code == "damaged" or (told.text.zh != damaged.text.zh and told.text.en != damaged.text.en)


@pytest.mark.parametrize("reason", sorted(OF_VERIFYING))
def test_verifying_says_each_in_words_of_its_own(reason: str) -> None:
    assert reason in REFUSALS
    assert refusal_words(reason) != refusal_words("xml") or reason == "xml"


@pytest.mark.parametrize("reason", sorted(OF_CONVERTING))
def test_converting_names_each(reason: str) -> None:
    assert reason in REASONS
    assert f"（{reason}）" in not_convertible([reason]).text.zh
