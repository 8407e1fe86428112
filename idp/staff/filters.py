"""Conditions on members of staff: what a filter comes down to (RFC 7644 §3.4.2.2), and what a store looks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Attribute(StrEnum):
    """What members can be found by."""

    ID = "id"
    USER_NAME = "user_name"
    EXTERNAL_ID = "external_id"
    ACTIVE = "active"
    DEPARTMENT = "department"
    CREATED_AT = "created_at"
    CHANGED_AT = "changed_at"


class Operator(StrEnum):
    """RFC 7644 §3.4.2.2, table 3."""

    EQUAL = "eq"
    NOT_EQUAL = "ne"
    CONTAINS = "co"
    STARTS_WITH = "sw"
    ENDS_WITH = "ew"
    PRESENT = "pr"
    GREATER = "gt"
    GREATER_OR_EQUAL = "ge"
    LESS = "lt"
    LESS_OR_EQUAL = "le"


@dataclass(frozen=True, slots=True)
class Compare:
    """One attribute against one value; None as the value for `pr`."""

    attribute: Attribute
    operator: Operator
    value: object = None


@dataclass(frozen=True, slots=True)
class Both:
    left: Filter
    right: Filter


@dataclass(frozen=True, slots=True)
class Either:
    left: Filter
    right: Filter


@dataclass(frozen=True, slots=True)
class Negated:
    inner: Filter


Filter = Compare | Both | Either | Negated
