"""A licence type as a form: what its fields hold, and the definition that was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from api.web.forms import Form
from api.web.schema_table import schema_of, values_of_schema
from api.web.step_words import NAMES
from api.web.views.catalogue import EventBox
from certstore.definition import TypeDefinition
from certstore.lifecycle import ENDINGS, TRANSITIONS, Event
from certstore.model import (
    Colour,
    FileForms,
    HolderKind,
    InspectionRule,
    LicenceType,
    LifeProfile,
    Sharing,
    Validity,
    ValidityRule,
)
from core.text import Text

_EVENTS = tuple(dict.fromkeys(event for _, event in TRANSITIONS))
_FIRST_SCHEMA: Mapping[str, object] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "address": {
            "type": "string",
            "maxLength": 200,
            "x-face": {"zh": "地址", "en": "Address", "mask": "address", "code": "KZ_DZ"},
        }
    },
    "required": ["address"],
    "additionalProperties": False,
}


def new_values() -> dict[str, str]:
    """The form of a type that is not there yet."""
    fixed = {"holder_kind": "person", "colour": "pine", "validity": "long-term", "sharing": "consent"}
    schema = orjson.dumps(_FIRST_SCHEMA, option=orjson.OPT_INDENT_2).decode()
    every = {f"e.{event.value}": "1" for event in _EVENTS}
    rows = values_of_schema(_FIRST_SCHEMA)
    return {**fixed, **every, **rows, "template": "certificate", "several_holders": "1", "schema": schema}


def values_of_type(made: LicenceType) -> dict[str, str]:
    """The form of a type as it is."""
    inspection, profile = made.inspection, made.profile or LifeProfile()
    values = {
        "name_zh": made.name.zh,
        "name_en": made.name.en,
        "issuers": "\n".join(made.issuers),
        "holder_kind": made.holder_kind.value,
        "colour": made.colour.value,
        "validity": made.validity.kind.value,
        "amount": str(made.validity.amount or ""),
        "sharing": made.sharing.value,
        "template": made.template,
        "numbering": made.numbering,
        "months": str(inspection.months) if inspection else "",
        "window": str(inspection.window_days) if inspection else "",
        "one_per_holder": "1" if made.one_per_holder else "",
        "several_holders": "1" if made.several_holders else "",
        "retired": "1" if made.retired else "",
        "file_forms": made.file_forms.value,
        "schema": orjson.dumps(made.schema, option=orjson.OPT_INDENT_2).decode(),
    }
    values |= values_of_schema(made.schema)
    values |= {f"e.{event.value}": "1" for event in _EVENTS if event in profile.events}
    return values | {f"p.{event.value}": "1" for event in profile.two_people}


def typed_definition(code: str, form: Form, before: Mapping[str, Any] | None = None) -> TypeDefinition:
    """What was typed; what cannot be read stays empty and is refused by the catalogue's own rules.

    Args:
        before: the schema that the rows of elements were made from; None for a new type.

    Raises:
        InvalidInput: a row of the elements cannot be.
    """
    schema: Any = _typed_json(form["schema"]) if form["by_json"] else schema_of(form.values, before or {})
    return TypeDefinition(
        code=code,
        name=Text(form["name_zh"], form["name_en"] or form["name_zh"]),
        issuers=form["issuers"].split(),
        holder_kind=_chosen(HolderKind, form["holder_kind"], HolderKind.PERSON),
        colour=_chosen(Colour, form["colour"], Colour.PINE),
        schema=schema if isinstance(schema, dict) else {},
        validity=ValidityRule(_chosen(Validity, form["validity"], Validity.LONG_TERM), _number(form["amount"])),
        sharing=_chosen(Sharing, form["sharing"], Sharing.CONSENT),
        template=form["template"],
        one_per_holder=bool(form["one_per_holder"]),
        several_holders=bool(form["several_holders"]),
        inspection=InspectionRule(_number(form["months"]), _number(form["window"]))
        if form["months"] or form["window"]
        else None,
        profile=typed_profile(form.values),
        numbering=form["numbering"],
        retired=bool(form["retired"]),
        file_forms=_chosen(FileForms, form["file_forms"], FileForms.PDF),
    )


def _typed_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def typed_profile(values: Mapping[str, str]) -> LifeProfile | None:
    """None where everything is open and nothing takes two people: then events to come are open too."""
    events = frozenset(event for event in _EVENTS if values.get(f"e.{event.value}"))
    two = frozenset(event for event in ENDINGS if values.get(f"p.{event.value}"))
    return LifeProfile(events, two) if two or events != frozenset(_EVENTS) else None


def open_events(values: Mapping[str, str]) -> frozenset[Event]:
    """What the form leaves open, for the drawing."""
    profile = typed_profile(values)
    return profile.events if profile else frozenset(Event)


def event_boxes(values: Mapping[str, str]) -> tuple[EventBox, ...]:
    """A box for each event, and for endings a second one."""
    return tuple(
        EventBox(
            event.value,
            NAMES[event],
            bool(values.get(f"e.{event.value}")),
            event in ENDINGS,
            bool(values.get(f"p.{event.value}")),
        )
        for event in _EVENTS
    )


def _chosen(kind: Any, typed: str, default: Any) -> Any:
    return kind(typed) if typed in set(kind) else default


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 0
