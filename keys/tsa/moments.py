"""Times in tokens: GeneralizedTime and Accuracy (RFC 3161 §2.4.2, X.690 §11.7)."""

from __future__ import annotations

import datetime as dt
import re

from keys.der import GENERALIZED_TIME, INTEGER, SEQUENCE, Element, NotDer, integer, integer_of, tlv

_TIME = re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{0,8}[1-9]))?Z")
_MILLIS, _MICROS = 0x80, 0x81
_LONGEST = 10**9  # seconds of accuracy beyond which nothing is said at all


def write_time(moment: dt.datetime, *, digits: int) -> bytes:
    """GeneralizedTime in UTC, cut to `digits` (0 to 6) digits after the second; no idle zeros (X.690 §11.7.3)."""
    moment = moment.astimezone(dt.UTC)
    fraction = f"{moment.microsecond:06}"[:digits].rstrip("0")
    text = f"{moment.year:04}{moment:%m%d%H%M%S}" + (f".{fraction}" if fraction else "") + "Z"
    return tlv(GENERALIZED_TIME, text.encode("ascii"))


def read_time(element: Element) -> dt.datetime:
    """
    Raises:
        NotDer: not the one DER form, or no such moment (leap seconds among them).
    """
    found = _TIME.fullmatch(element.of(GENERALIZED_TIME).content)
    if found is None:
        raise NotDer("not a time")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    microsecond = int((found[7] or b"0").ljust(6, b"0")[:6])
    try:
        return dt.datetime(year, month, day, hour, minute, second, microsecond, tzinfo=dt.UTC)
    except ValueError:
        raise NotDer("no such moment") from None


def write_accuracy(accuracy: dt.timedelta) -> bytes:
    """Accuracy, to the microsecond. Parts that are zero are left out: millis and micros begin with 1."""
    seconds, rest = divmod(accuracy, dt.timedelta(seconds=1))
    millis, micros = divmod(rest // dt.timedelta(microseconds=1), 1000)
    return tlv(
        SEQUENCE,
        integer(seconds) if seconds else b"",
        tlv(_MILLIS, integer(millis)[2:]) if millis else b"",
        tlv(_MICROS, integer(micros)[2:]) if micros else b"",
    )


def read_accuracy(element: Element) -> dt.timedelta:
    """
    Raises:
        NotDer
    """
    due = [INTEGER, _MILLIS, _MICROS]
    numbers = dict.fromkeys(due, 0)
    for part in element.of(SEQUENCE).items():
        if part.tag not in due:
            raise NotDer("a part of an accuracy that is not due")
        due = due[due.index(part.tag) + 1 :]
        numbers[part.tag] = integer_of(part, part.tag)
        low, high = (0, _LONGEST) if part.tag == INTEGER else (1, 999)
        if not low <= numbers[part.tag] <= high:
            raise NotDer("an accuracy out of range")
    return dt.timedelta(seconds=numbers[INTEGER], milliseconds=numbers[_MILLIS], microseconds=numbers[_MICROS])


def digits_for(accuracy: dt.timedelta) -> int:
    """Digits after the second that support an accuracy (ETSI EN 319 422 §5.2.1): cutting loses at most half of it."""
    step, digits = dt.timedelta(seconds=1), 0
    while digits < 6 and step * 2 > accuracy:
        step, digits = step / 10, digits + 1
    return digits
