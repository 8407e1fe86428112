"""Rich authorization requests: what exactly is asked for, read strictly and never widened (RFC 9396).

Details are JSON objects, each of one registered type. A later request may take fewer of them, or narrower ones:
a list may lose entries, a number may shrink, a limit may be added; nothing else may differ (§6.1).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from idp.errors import InvalidAuthorizationDetails
from idp.protocol.detail_types import DETAIL_TYPES
from keys.jose.strict_json import read_value

Detail = Mapping[str, Any]

MOST_DETAILS = 10


def parse_details(value: str | None, allowed: Collection[str]) -> tuple[Detail, ...]:
    """The details of a request.

    Args:
        value: the parameter `authorization_details`; None for none.
        allowed: types that the client registered (§10: `authorization_details_types`).

    Raises:
        InvalidAuthorizationDetails: §5: unknown type or field, wrong value, missing field, or a type that is not
            the client's.
    """
    if value is None:
        return ()
    try:
        read = read_value(value.encode("utf-8"))
    except ValueError:
        raise InvalidAuthorizationDetails("authorization_details is not JSON") from None
    if not isinstance(read, list) or not 0 < len(read) <= MOST_DETAILS:
        raise InvalidAuthorizationDetails(f"authorization_details is a list of 1 to {MOST_DETAILS} objects")
    for detail in read:
        _check(detail, allowed)
    return tuple(read)


def narrowed_details(asked: Sequence[Detail], granted: Sequence[Detail]) -> tuple[Detail, ...]:
    """The details of one token: those asked for now, or all that were granted.

    Raises:
        InvalidAuthorizationDetails: more than was granted (§6.1).
    """
    if not asked:
        return tuple(granted)
    for detail in asked:
        if not any(_within(detail, whole) for whole in granted):
            raise InvalidAuthorizationDetails("authorization_details exceed what was granted")
    return tuple(asked)


def details_at(audiences: Collection[str], details: Sequence[Detail]) -> tuple[Detail, ...]:
    """Those that count at one of the audiences: a detail that names locations counts there only (§2.2, §9)."""
    return tuple(one for one in details if "locations" not in one or not set(audiences).isdisjoint(one["locations"]))


def _check(detail: object, allowed: Collection[str]) -> None:
    name = detail.get("type") if isinstance(detail, dict) else None
    if not isinstance(name, str) or name not in DETAIL_TYPES:
        raise InvalidAuthorizationDetails("unknown type of authorization details")
    if name not in allowed:
        raise InvalidAuthorizationDetails(f"the client is not registered for authorization details of type {name}")
    error = next(_validator(name).iter_errors(detail), None)
    if error is not None:
        # the rule's name and place only: values belong in no message
        place = ".".join(str(part) for part in error.absolute_path if isinstance(part, str)) or "the object"
        raise InvalidAuthorizationDetails(f"authorization details of type {name}: {place} breaks {error.validator}")


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(DETAIL_TYPES[name].schema)


def _within(detail: Detail, whole: Detail) -> bool:
    """Whether every member of `whole` limits `detail` too."""
    if detail["type"] != whole["type"]:
        return False
    return all(name in detail and _narrower(detail[name], value) for name, value in whole.items())


def _narrower(value: Any, limit: Any) -> bool:
    if isinstance(limit, list):
        return isinstance(value, list) and all(one in limit for one in value)
    if isinstance(limit, int):
        return isinstance(value, int) and value <= limit
    return bool(value == limit)
