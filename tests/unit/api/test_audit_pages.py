"""The drawings of the audit log, and what a verdict says to people."""

from __future__ import annotations

import pytest

from api.routes.pages.admin.audit_log import _note, _row_number, _verdict
from api.web.log_drawing import ladder, log_bar
from core.errors import InvalidInput
from core.transparency.merkle import Growing, assembled, inclusion_nodes, leaf_hash, node_hash
from core.transparency.verify import LogVerdict


def _hashes(size: int) -> list[bytes]:
    return [number.to_bytes(32) for number in range(size)]


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (2, 3), (5, 8), (6, 7), (12, 13), (3, 21)])
def test_the_drawn_way_ends_at_the_root(index: int, size: int) -> None:
    rows, growing = _hashes(size), Growing()
    nodes = {(0, place): leaf_hash(one) for place, one in enumerate(rows)}
    for level in range(5):
        for place in range(size >> (level + 1)):
            nodes[level + 1, place] = node_hash(nodes[level, 2 * place], nodes[level, 2 * place + 1])
    for one in rows:
        growing.append(leaf_hash(one))
    drawn = ladder(rows[index], index, size, assembled(inclusion_nodes(index, size), nodes))
    assert drawn.rungs[0].own == growing.root().hex()[:12]
    assert drawn.rungs[-1].own == leaf_hash(rows[index]).hex()[:12]
    assert [one.side != "" for one in drawn.rungs] == [False] + [True] * (len(drawn.rungs) - 1)


def test_the_bar_reaches_to_the_newest_checkpoint() -> None:
    assert log_bar(200, [150, 100]).covered == "75.00%"
    assert log_bar(200, [150, 100]).marks == ("75.00%", "50.00%")
    assert log_bar(0, []).covered == log_bar(5, []).covered == "0%"


@pytest.mark.parametrize(
    ("bad_row", "until", "fault", "said"),
    [
        (None, None, None, "日志是完整的"),
        (120, None, "changed", "第 120 条有问题"),
        (301, 310, "not-as-signed", "第 301 条到第 310 条之间有问题"),
    ],
)
def test_a_verdict_is_said_in_words(bad_row: int | None, until: int | None, fault: str | None, said: str) -> None:
    verdict = LogVerdict(0, 119, (100,), (), bytes(32), bytes(32), bad_row, fault, until)
    assert _verdict(verdict).title.zh == said


def test_odd_forms_are_refused() -> None:
    for typed in ("", "x", "-1", "１２", "1" * 16):
        with pytest.raises(InvalidInput):
            _row_number(typed)
    with pytest.raises(InvalidInput):
        _note("nothing of the kind")
