"""What a bundle holds, and what taking it in would change."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from certstore.definition import TypeDefinition
from certstore.model import ConsumerGrant, ServiceItem
from certstore.templates.desk import TemplateDraft
from core.text import Text


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """One version of a face template, under the number that it has where the bundle was made."""

    number: int
    draft: TemplateDraft

    @property
    def reference(self) -> str:
        return f"{self.draft.name}@{self.number}"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A catalogue, or a part of one.

    Attributes:
        templates: by name; each with its versions, the oldest first.
        types: by code; each with its versions, the oldest first. Their templates are named by the bundle's numbers.
        grants: None where they were left out.
    """

    templates: dict[str, tuple[TemplateVersion, ...]]
    types: dict[str, tuple[TypeDefinition, ...]]
    items: dict[str, ServiceItem]
    grants: tuple[ConsumerGrant, ...] | None = None


class Part(StrEnum):
    """What kind of entry a difference is about."""

    TEMPLATE = "template"
    TYPE = "type"
    ITEM = "service-item"
    GRANT = "grant"


class Action(StrEnum):
    """What taking the bundle in does to an entry. Nothing is ever removed, and no version is ever replaced."""

    ADD = "add"
    CHANGE = "change"
    SAME = "same"
    NEWER_HERE = "newer-here"  # the bundle's newest version is an earlier one of ours: ours stays
    LEFT = "left"  # beyond the actor's rights: another administrator takes it in


@dataclass(frozen=True, slots=True)
class Change:
    """One member that differs; both sides as JSON text, None where it is not there."""

    member: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry of the bundle beside what is here.

    Attributes:
        code: name of a template, code of a type or an item; of a grant organisation/item/type.
        versions: how many versions are added.
        changes: from the newest version here to the newest of the bundle.
    """

    part: Part
    code: str
    name: Text
    action: Action
    versions: int = 0
    changes: tuple[Change, ...] = field(default=())

    @property
    def changing(self) -> bool:
        return self.action in (Action.ADD, Action.CHANGE)
