"""The index of attacks tells the truth: each row is tried in each file that is named for it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
INDEX = ROOT / "docs" / "attacks-on-licences.md"
ROWS = {f"L-{number:02d}" for number in range(1, 27)} - {"L-03", "L-07", "L-09", "L-17", "L-22"}
_ROW = re.compile(r"^\| (L-\d\d) \|.*\|(.*)\|$", re.MULTILINE)
_TESTS = re.compile(r"`(tests/[a-z0-9_/]+\.py)`")


def test_each_attack_is_tried_where_the_index_says() -> None:
    index = dict(_ROW.findall(INDEX.read_text()))
    assert set(index) == ROWS
    for row, cell in index.items():
        files = _TESTS.findall(cell)
        assert files, row
        digits = row.removeprefix("L-")
        for name in files:
            assert re.search(rf"{row}|test_l_?{digits}_", (ROOT / name).read_text()), f"{name} says nothing of {row}"
