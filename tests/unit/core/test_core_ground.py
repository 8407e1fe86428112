"""The small parts that everything stands on: clock, ids, cursors, texts, errors, principals, settings."""

from __future__ import annotations

import datetime as dt
import re

import pydantic
import pytest

from core.clock import SystemClock, calendar_day
from core.errors import AppError, InvalidInput, LimitExceeded
from core.ids import new_id, new_secret
from core.paging import decode_cursor, encode_cursor, page_size
from core.principal import Principal, PrincipalKind
from core.settings import KvSettings
from core.text import Text
from tests.support.clock import FakeClock


def test_the_calendar_day_is_counted_in_shanghai() -> None:
    assert calendar_day(dt.datetime(2026, 12, 31, 15, 59, 59, tzinfo=dt.UTC)) == dt.date(2026, 12, 31)
    assert calendar_day(dt.datetime(2026, 12, 31, 16, 0, 0, tzinfo=dt.UTC)) == dt.date(2027, 1, 1)
    assert calendar_day(dt.datetime(1988, 7, 1, 15, 30, tzinfo=dt.UTC)) == dt.date(1988, 7, 2)  # summer time: UTC+9


def test_the_system_clock_tells_utc() -> None:
    assert SystemClock().now().utcoffset() == dt.timedelta(0)


def test_ids_are_unique_sort_by_time_and_carry_their_prefix(clock: FakeClock) -> None:
    ids = []
    for _ in range(200):
        ids.append(new_id(clock, "lic"))
        clock.advance(0.001)
    assert ids == sorted(ids)
    assert len({new_id(clock, "lic") for _ in range(1000)}) == 1000
    assert all(re.fullmatch(r"lic_[0-9a-hjkmnp-tv-z]{26}", name) for name in ids)


def test_secrets_hold_256_bits_and_never_repeat() -> None:
    made = {new_secret() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(secret) for secret in made} == {43}


def test_a_cursor_comes_back_as_it_went() -> None:
    assert decode_cursor(encode_cursor("2026-11-23", "lic_1", 7), 3) == ["2026-11-23", "lic_1", 7]


@pytest.mark.parametrize(
    "cursor", ["", "!", "AAAA", "bnVsbA", "W10", "WzEsMl0", "W3t9XQ", "一", encode_cursor("a", "b")]
)
def test_a_cursor_made_up_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_cursor(cursor, 1)
    assert refused.value.code == "cursor-invalid"


@pytest.mark.parametrize(("asked", "given"), [(None, 20), (0, 1), (-5, 1), (1, 1), (100, 100), (10**9, 100)])
def test_a_page_has_between_1_and_100_items(asked: int | None, given: int) -> None:
    assert page_size(asked) == given


def test_a_text_is_in_both_languages() -> None:
    text = Text("共 {count} 件", "{count} in all").format(count=3)
    assert (text.to("zh"), text.to("en")) == ("共 3 件", "3 in all")


def test_an_error_tells_the_log_more_than_the_caller() -> None:
    error = LimitExceeded("too-many", Text("太多", "Too many"), retry_after=30, private="source 10.0.0.1")
    assert isinstance(error, AppError)
    assert str(error) == "too-many: source 10.0.0.1"
    assert (error.text.en, error.retry_after) == ("Too many", 30)


def test_a_principal_does_not_print_name_or_session() -> None:
    clerk = Principal(PrincipalKind.STAFF, "acc_1", name="王小明", session="bearer", scopes=frozenset({"licence:read"}))
    assert "王小明" not in repr(clerk)
    assert "bearer" not in repr(clerk)
    assert clerk.may("licence:read")
    assert not clerk.may("licence:issue")


def test_settings_are_frozen_and_refuse_what_they_do_not_know() -> None:
    settings = KvSettings(url="redis://localhost/0")
    with pytest.raises(pydantic.ValidationError):
        settings.url = "other"  # type: ignore[misc]
    with pytest.raises(pydantic.ValidationError):
        KvSettings.model_validate({"url": "x", "ulr": "y"})
