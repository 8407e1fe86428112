"""The documents say nothing about files that are not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *ROOT.glob("[A-Z]*.md")]
_PLACES = "core|keys|idp|certstore|signing|api|yizheng_client|tests|docker|docs|bin|bench"
_CODE = re.compile(rf"`((?:{_PLACES})/[A-Za-z0-9_./-]*)`")
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    missing = [name for name in _CODE.findall(text) if not (ROOT / name).exists()]
    missing += [link for link in _LINK.findall(text) if not (document.parent / link).exists()]
    assert not missing, f"{document.name} names {missing}"


def test_the_specification_index_names_modules_and_tests() -> None:
    index = (ROOT / "docs" / "specs.md").read_text()
    rows = [line for line in index.splitlines() if line.startswith("| ") and "`" in line]
    assert len(rows) > 30
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 4, row
        assert _CODE.search(cells[2]), row
        assert "tests/" in cells[3], row
