"""What the pages of the catalogue show: types, one type, service items with their grants, face templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.web.life_diagram import Diagram
from api.web.schema_table import ElementRow
from api.web.views.common import Mark
from core.text import Text

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One type."""

    href: str
    name: Text
    code: str
    colour: str
    version: int
    issuers: int
    fields: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class TypesView:
    """`/office/types`."""

    rows: tuple[TypeRow, ...]
    may_add: bool = False


@dataclass(frozen=True, slots=True)
class EventBox:
    """One event of a type's life; an ending can take two people."""

    name: str
    words: Text
    checked: bool
    ending: bool
    two_people: bool


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One element of a type's face."""

    title: Text
    code: str
    kind: Text
    masking: Text
    required: bool


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a type."""

    number: int
    when: str
    template: str
    current: bool


@dataclass(frozen=True, slots=True)
class TypeView:
    """`/office/types/{code}`, and `/office/types/new` at version 0; `choices` by the name of their field."""

    action: str
    code: str
    name: Text
    version: int
    mark: Mark
    fields: tuple[FieldRow, ...]
    versions: tuple[VersionRow, ...]
    choices: Mapping[str, tuple[Choice, ...]]
    events: tuple[EventBox, ...]
    diagram: Diagram
    values: Mapping[str, str]
    rows: tuple[ElementRow, ...]
    note: Text | None = None
    error: Text | None = None
    error_field: str = ""

    def error_at(self, *names: str) -> Text | None:
        return self.error if self.error_field in names else None


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """One template."""

    href: str
    name: str
    title: Text
    version: int
    when: str


@dataclass(frozen=True, slots=True)
class TemplatesView:
    """`/office/templates`; `built_in` are addresses and names to begin from."""

    rows: tuple[TemplateRow, ...]
    built_in: tuple[tuple[str, str], ...]
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class TemplateEditorView:
    """`/office/templates/{name}`.

    Attributes:
        picture: address of the sample that was set last.
        live: where a script asks for the next one.
    """

    action: str
    name: str
    new: bool
    before: int
    longest: int
    types: tuple[Choice, ...]
    values: Mapping[str, str] = field(repr=False)
    picture: str | None
    live: str
    versions: tuple[VersionRow, ...] = ()
    error: Text | None = None
