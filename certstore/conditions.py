"""Conditions that a service item puts on a licence's data: a field, a comparison, a value. Nothing of it is run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.errors import InvalidInput
from core.text import Text

Value = str | int | float | bool
MAX_CONDITIONS = 10
MAX_CHOICES = 50


class Comparison(StrEnum):
    """How a field is held against the value."""

    IS = "is"
    IS_NOT = "is-not"
    ONE_OF = "one-of"
    AT_LEAST = "at-least"  # numbers, or dates written yyyy-mm-dd
    AT_MOST = "at-most"
    WITHIN_DAYS = "within-days"  # a date at most so many days ago, and not in the future


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; a field that the licence does not have never meets it.

    Attributes:
        field: property of the type's schema.
        value: for `one-of` several values, otherwise one.
        type_code: the licence type that it is for; None for every type of the material.
    """

    field: str
    comparison: Comparison
    value: Value | tuple[Value, ...]
    type_code: str | None = None

    def met_by(self, data: Mapping[str, object], today: dt.date) -> bool:
        """Whether a licence's face data meet it on a calendar day (Asia/Shanghai)."""
        found = data.get(self.field)
        if found is None:
            return False
        if self.comparison is Comparison.ONE_OF:
            return isinstance(self.value, tuple) and any(_same(found, one) for one in self.value)
        if self.comparison is Comparison.IS:
            return _same(found, self.value)
        if self.comparison is Comparison.IS_NOT:
            return not _same(found, self.value)
        if self.comparison is Comparison.WITHIN_DAYS:
            return _within(found, self.value, today)
        pair = _ordered(found, self.value)
        if pair is None:
            return False
        return pair[0] >= pair[1] if self.comparison is Comparison.AT_LEAST else pair[0] <= pair[1]

    def says(self) -> Text:
        """What it asks for, in words, after the field's name."""
        value = "/".join(map(str, self.value)) if isinstance(self.value, tuple) else str(self.value)
        return self.says_of(Text(value, value))

    def says_of(self, value: Text) -> Text:
        """The same with the value as a page speaks of it."""
        zh, en = _WORDS[self.comparison]
        return Text(zh.format(value.zh), en.format(value.en))


_WORDS: Mapping[Comparison, tuple[str, str]] = {
    Comparison.IS: ("须为 {}", "must be {}"),
    Comparison.IS_NOT: ("不得为 {}", "must not be {}"),
    Comparison.ONE_OF: ("须为 {} 之一", "must be one of {}"),
    Comparison.AT_LEAST: ("不低于 {}", "must be at least {}"),
    Comparison.AT_MOST: ("不高于 {}", "must be at most {}"),
    Comparison.WITHIN_DAYS: ("须在 {} 天以内", "must be no more than {} days ago"),
}


def parse_condition(field: str, comparison: str, value: object, type_code: str | None = None) -> Condition:
    """A condition from what somebody wrote down.

    Raises:
        InvalidInput: `condition-invalid`.
    """
    if not field or comparison not in set(Comparison):
        raise _invalid()
    kind = Comparison(comparison)
    if kind is Comparison.ONE_OF:
        return Condition(field, kind, _choices(value), type_code)
    if not isinstance(value, Value) or value == "":
        raise _invalid()
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is Comparison.WITHIN_DAYS and not (isinstance(value, int) and number and 0 <= value <= 36_500):
        raise _invalid()
    if kind in (Comparison.AT_LEAST, Comparison.AT_MOST) and not number and _date(value) is None:
        raise _invalid()
    return Condition(field, kind, value, type_code)


def unmet(
    conditions: Sequence[Condition], type_code: str, data: Mapping[str, object], today: dt.date
) -> Condition | None:
    """The first condition that a licence of this type does not meet."""
    applying = (one for one in conditions if one.type_code in (None, type_code))
    return next((one for one in applying if not one.met_by(data, today)), None)


def _choices(value: object) -> tuple[Value, ...]:
    listed = list(value) if isinstance(value, list | tuple) else []
    if not 1 <= len(listed) <= MAX_CHOICES or not all(isinstance(one, Value) for one in listed):
        raise _invalid()
    return tuple(listed)


def _same(found: object, value: object) -> bool:
    if isinstance(found, bool) or isinstance(value, bool):  # 1 is not true
        return found is value
    return found == value


def _ordered(found: object, value: object) -> tuple[float, float] | None:
    """Both as numbers, or both as days; None where they cannot be compared."""
    if isinstance(found, int | float) and isinstance(value, int | float):
        return None if isinstance(found, bool) else (float(found), float(value))
    first, second = _date(found), _date(value)
    return (first.toordinal(), second.toordinal()) if first and second else None


def _within(found: object, value: object, today: dt.date) -> bool:
    day = _date(found)
    return day is not None and isinstance(value, int) and 0 <= (today - day).days <= value


def _date(value: object) -> dt.date | None:
    if not isinstance(value, str) or len(value) != 10:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None


def _invalid() -> InvalidInput:
    return InvalidInput(
        "condition-invalid",
        Text(
            "材料的数据条件写得不对：写明字段、比较方式和值；大小比较只用数字或 yyyy-mm-dd 日期，天数用整数。",
            "A condition on the data is not acceptable: name a field, a comparison and a value. Sizes take numbers or "
            "dates (yyyy-mm-dd), days take a whole number.",
        ),
        field="conditions",
    )
