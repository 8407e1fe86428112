"""What the pages of service items show: the items, one item, one material, one grant of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.text import Text

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class GrantRow:
    """What an office may use for an item."""

    href: str
    organisation: str
    type_name: Text
    fields: Text
    until: Text
    ceiling: Text


@dataclass(frozen=True, slots=True)
class MaterialRow:
    """One material of an item."""

    number: int
    name: Text
    covered_by: tuple[Text, ...]
    conditions: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class ItemCard:
    """One service item."""

    href: str
    code: str
    name: Text
    department: str
    materials: tuple[MaterialRow, ...]
    grants: tuple[GrantRow, ...]
    covered: int
    more_href: str | None = None  # where its further grants are


@dataclass(frozen=True, slots=True)
class ItemsView:
    """`/office/items`."""

    items: tuple[ItemCard, ...]
    may_edit: bool = False
    may_grant: bool = False
    note: Text | None = None
    first_href: str | None = None
    next_href: str | None = None
    alone: bool = False  # one item, whose grants are leafed through


@dataclass(frozen=True, slots=True)
class _Form:
    """What forms share: the typed values, and what was wrong with them."""

    action: str
    item: Text | None
    values: Mapping[str, str]
    error: Text | None
    error_field: str

    def error_at(self, *names: str) -> Text | None:
        return self.error if self.error_field in names else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFormView(_Form):
    """`/office/items/{code}`, and `/office/items/new` without a code; materials with their addresses."""

    code: str
    seen: str
    materials: tuple[tuple[str, MaterialRow], ...]
    note: Text | None


@dataclass(frozen=True, slots=True)
class Box:
    """One box to tick."""

    name: str
    words: Text
    detail: str
    checked: bool


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One condition on a licence's data; empty ones are there to be filled."""

    number: int
    field: str
    comparison: str
    value: str
    of_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialFormView(_Form):
    """`/office/items/{code}/materials/{number}`."""

    back: str
    name: Text | None
    seen: str
    types: tuple[Box, ...]
    rows: tuple[ConditionRow, ...]
    fields: tuple[Choice, ...]
    comparisons: tuple[Choice, ...]
    of_types: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFormView(_Form):
    """`/office/items/{code}/grants/…`; `types` are addresses, names and codes to choose from first."""

    type_name: Text | None
    types: tuple[tuple[str, str, str], ...]
    organisation: str | None
    seen: str
    fields: tuple[Box, ...]
