"""What taking a bundle in would do, worked out without doing it: pure, and the same for the same two sides.

Histories are compared from the front. What both sides share is the same; of the bundle's rest everything is added
behind ours that comes after the last version which we have too. So an installation that only follows another gets the
very same versions, nothing is ever taken in twice, and an older bundle does not put back what was changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import orjson

from certstore.bundle.form import grant_form, item_form, template_form, type_form
from certstore.bundle.model import Action, Bundle, Change, Difference, Part, TemplateVersion
from certstore.definition import TypeDefinition
from certstore.model import ConsumerGrant, ServiceItem
from core.text import Text

_SHOWN = 160
GrantKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Reach:
    """Which parts the actor may take in: types, items and templates; grants of use."""

    system: bool
    security: bool


@dataclass(frozen=True, slots=True)
class Here:
    """What this installation has of the entries that the bundle names; versions oldest first."""

    templates: Mapping[str, Sequence[TemplateVersion]]
    types: Mapping[str, Sequence[TypeDefinition]]
    items: Mapping[str, ServiceItem]
    grants: Mapping[GrantKey, ConsumerGrant]


@dataclass(frozen=True, slots=True)
class Plan:
    """The differences, and what is to be written.

    Attributes:
        types: with the numbers that the versions get here, and their templates by our numbers.
    """

    differences: tuple[Difference, ...]
    templates: tuple[TemplateVersion, ...] = field(default=())
    types: tuple[tuple[int, TypeDefinition], ...] = field(default=())
    items: tuple[ServiceItem, ...] = field(default=())
    grants: tuple[ConsumerGrant, ...] = field(default=())

    @property
    def fingerprint(self) -> str:
        """Of everything that would be written and over what; the same plan has the same one."""
        written = [
            [[one.reference, template_form(one)] for one in self.templates],
            [[one.code, number, type_form(one)] for number, one in self.types],
            [[one.code, item_form(one)] for one in self.items],
            [[key_of(one), grant_form(one)] for one in self.grants],
            [[one.part, one.code, one.action, [[c.member, c.before] for c in one.changes]] for one in self.differences],
        ]
        return sha256(orjson.dumps(written)).hexdigest()


def key_of(grant: ConsumerGrant) -> GrantKey:
    return grant.organisation, grant.service_item, grant.type_code


def plan_of(bundle: Bundle, here: Here, reach: Reach) -> Plan:
    """Compare, and say what is to be written."""
    differences: list[Difference] = []
    templates, names = _templates(bundle, here, differences)
    types = _types(bundle, here, names, differences)
    items = [one for code, one in bundle.items.items() if _item(one, here.items.get(code), differences)]
    grants = [one for one in bundle.grants or () if _grant(one, here.grants.get(key_of(one)), differences)]
    return Plan(
        tuple(_left(one, reach) for one in differences),
        tuple(templates) if reach.system else (),
        tuple(types) if reach.system else (),
        tuple(items) if reach.system else (),
        tuple(grants) if reach.security else (),
    )


def _left(one: Difference, reach: Reach) -> Difference:
    may = reach.security if one.part is Part.GRANT else reach.system
    return one if may or not one.changing else replace(one, action=Action.LEFT, versions=0)


def _templates(
    bundle: Bundle, here: Here, differences: list[Difference]
) -> tuple[list[TemplateVersion], dict[str, str]]:
    """Versions to add, and what each of the bundle's references is called here."""
    added: list[TemplateVersion] = []
    names: dict[str, str] = {}
    for name, versions in bundle.templates.items():
        ours = {_bytes(template_form(one)): one.number for one in reversed(here.templates.get(name, ()))}
        newest = max(ours.values(), default=0)
        fresh = 0
        for one in versions:
            said = _bytes(template_form(one))
            if said not in ours:
                fresh += 1
                ours[said] = newest + fresh
                added.append(replace(one, number=ours[said]))
            names[one.reference] = f"{name}@{ours[said]}"
        before = here.templates.get(name, ())
        changes = _changes(template_form(before[-1]) if before else None, template_form(versions[-1]))
        action = _action(bool(before), fresh, bool(changes))
        differences.append(Difference(Part.TEMPLATE, name, versions[-1].draft.title, action, fresh, changes))
    return added, names


def _types(
    bundle: Bundle, here: Here, names: Mapping[str, str], differences: list[Difference]
) -> list[tuple[int, TypeDefinition]]:
    added: list[tuple[int, TypeDefinition]] = []
    for code, versions in bundle.types.items():
        theirs = [replace(one, template=names.get(one.template, one.template)) for one in versions]
        ours = here.types.get(code, ())
        fresh = _behind(theirs, ours, lambda one: _bytes(type_form(one)))
        added += [(len(ours) + number, one) for number, one in enumerate(fresh, 1)]
        changes = _changes(type_form(ours[-1]) if ours else None, type_form(theirs[-1]))
        action = _action(bool(ours), len(fresh), bool(changes))
        differences.append(Difference(Part.TYPE, code, theirs[-1].name, action, len(fresh), changes))
    return added


def _behind(
    theirs: Sequence[TypeDefinition], ours: Sequence[TypeDefinition], said: Callable[[TypeDefinition], bytes]
) -> Sequence[TypeDefinition]:
    """Those of their versions that come after everything we have."""
    their_words, our_words = [said(one) for one in theirs], [said(one) for one in ours]
    shared = 0
    while shared < min(len(theirs), len(ours)) and their_words[shared] == our_words[shared]:
        shared += 1
    rest = set(our_words[shared:])
    last = max((place for place in range(shared, len(theirs)) if their_words[place] in rest), default=shared - 1)
    return theirs[last + 1 :]


def _item(theirs: ServiceItem, ours: ServiceItem | None, differences: list[Difference]) -> bool:
    changes = _changes(item_form(ours) if ours else None, item_form(theirs))
    action = _action(ours is not None, 1 if changes else 0, bool(changes))
    differences.append(Difference(Part.ITEM, theirs.code, theirs.name, action, 0, changes))
    return bool(changes)


def _grant(theirs: ConsumerGrant, ours: ConsumerGrant | None, differences: list[Difference]) -> bool:
    changes = _changes(grant_form(ours) if ours else None, grant_form(theirs))
    action = _action(ours is not None, 1 if changes else 0, bool(changes))
    code = "/".join(key_of(theirs))
    differences.append(Difference(Part.GRANT, code, Text(theirs.basis, theirs.basis), action, 0, changes))
    return bool(changes)


def _action(there: bool, fresh: int, differs: bool) -> Action:
    if fresh:
        return Action.CHANGE if there else Action.ADD
    return Action.NEWER_HERE if differs else Action.SAME


def _changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Member by member; a schema and a list of materials are opened one level further."""
    was, now = _opened(before or {}), _opened(after)
    every = dict.fromkeys((*now, *was))
    found = [Change(name, _words(was.get(name)), _words(now.get(name))) for name in every if _differ(was, now, name)]
    if before is not None and not found and _bytes(before) != _bytes(after):
        found = [Change("order", None, None)]  # the same members in another order: the face is set in that order
    return tuple(found)


def _differ(was: Mapping[str, Any], now: Mapping[str, Any], name: str) -> bool:
    return (name in was) is not (name in now) or (name in now and _bytes(was[name]) != _bytes(now[name]))


def _opened(form: Mapping[str, Any]) -> dict[str, Any]:
    opened: dict[str, Any] = {}
    for name, value in form.items():
        if name == "schema":
            properties = value.get("properties", {})
            rest = {key: one for key, one in value.items() if key != "properties"}
            opened |= {f"schema.{key}": one for key, one in properties.items()} | {"schema": rest}
        elif name == "materials":
            opened |= {f"materials.{one['number']}": one for one in value}
        elif value is not None:
            opened[name] = value
    return opened


def _words(value: Any) -> str | None:
    if value is None:
        return None
    said = value if isinstance(value, str) else _bytes(value).decode()
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…"


def _bytes(value: Any) -> bytes:
    return orjson.dumps(value)
