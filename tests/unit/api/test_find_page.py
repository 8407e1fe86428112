"""What the office's finding page makes of what was typed."""

from __future__ import annotations

import datetime as dt

import pytest

from api.routes.pages.office_find import _query
from certstore.find import FindQuery
from certstore.status import Status
from core.errors import InvalidInput

TODAY = dt.date(2026, 11, 26)


def test_an_empty_form_asks_for_everything() -> None:
    blank = dict.fromkeys(("type", "status", "expiring", "valid_on", "number", "holder", "identifier"), "")
    assert _query(blank, TODAY) == _query({}, TODAY) == FindQuery()


def test_each_field_becomes_its_filter() -> None:
    sent = {"status": "revoked", "expiring": "30", "valid_on": "2026-01-02", "type": "T", "number": "1", "holder": "X"}
    query = _query(sent, TODAY)
    assert (query.status, query.expiring_until) == (Status.REVOKED, dt.date(2026, 12, 26))
    assert (query.valid_on, query.types, query.number) == (dt.date(2026, 1, 2), ["T"], "1")


@pytest.mark.parametrize(
    ("typed", "kind"), [("410199198802291031", "111"), ("41019919880229103X", "111"), ("91410100MA0000000X", "001")]
)
def test_a_credit_code_is_told_from_a_citizens_number(typed: str, kind: str) -> None:
    assert _query({"holder": typed}, TODAY).holder_kind == kind


def test_what_form_cannot_tell_is_chosen() -> None:
    assert _query({"holder": "E12345678", "kind": "414"}, TODAY).holder_kind == "414"
    assert _query({"kind": "414"}, TODAY) == FindQuery(), "a kind without a number asks for nothing"


def test_odd_values_are_refused_or_count_for_nothing() -> None:
    assert _query({"status": "x", "expiring": "9999"}, TODAY) == FindQuery()
    with pytest.raises(InvalidInput):
        _query({"valid_on": "yesterday"}, TODAY)
