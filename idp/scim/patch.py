"""Reads PATCH requests (RFC 7644 §3.5.2): operations on users, and on the members of groups."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from idp.scim.errors import ScimRefused
from idp.scim.names import PATCH, STAFF, plain

MOST_OPERATIONS, MOST_MEMBERS = 100, 1_000
_ONE_MEMBER = re.compile(r'members\[\s*value\s+eq\s+"([^"\\]{1,64})"\s*\]', re.IGNORECASE)
Verb = Literal["add", "replace", "remove"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One step; `path` as it was written, None for the resource itself."""

    verb: Verb
    path: str | None
    value: Any = None


@dataclass(frozen=True, slots=True)
class MemberStep:
    """What happens to a group's members; `ids` is None for all of them."""

    verb: Verb
    ids: tuple[str, ...] | None


def read_operations(body: Mapping[str, Any]) -> Sequence[Operation]:
    """
    Raises:
        ScimRefused: `invalidSyntax`.
    """
    members = {name.lower(): value for name, value in body.items()}
    if PATCH not in _list(members.get("schemas")):
        raise ScimRefused("invalidSyntax", "schemas must name the PatchOp message")
    listed = _list(members.get("operations"))
    if not 0 < len(listed) <= MOST_OPERATIONS:
        raise ScimRefused("invalidSyntax", f"Operations must hold 1 to {MOST_OPERATIONS} operations")
    return [_operation(one) for one in listed]


def user_changes(operations: Sequence[Operation]) -> Mapping[str, Any]:
    """The attributes of a user that change, by path in lower case; None for one that is removed.

    Raises:
        ScimRefused: `invalidPath`, `noTarget`, `invalidValue`.
    """
    changes: dict[str, Any] = {}
    for one in operations:
        if one.path is None:
            if one.verb == "remove":
                raise ScimRefused("noTarget", "remove needs a path")  # RFC 7644 §3.5.2.2
            if not isinstance(one.value, dict):
                raise ScimRefused("invalidValue", "without a path the value is an object")
            changes |= flattened(one.value)
        elif "[" in one.path:
            raise ScimRefused("invalidPath", "users have no attribute with such a path")
        elif plain(one.path) == STAFF.lower() and isinstance(one.value, dict):
            changes |= flattened({STAFF: one.value})
        else:
            changes[plain(one.path)] = None if one.verb == "remove" else one.value
    return changes


def flattened(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A user's attributes by path in lower case: those of the extension with its name before them."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        path = plain(name)
        if path == STAFF.lower() and isinstance(value, dict):
            flat |= {f"{path}:{inner.lower()}": one for inner, one in value.items()}
        else:
            flat[path] = value
    return flat


def member_steps(operations: Sequence[Operation]) -> Sequence[MemberStep]:
    """
    Raises:
        ScimRefused: `invalidPath`, `noTarget`, `invalidValue`, `mutability`.
    """
    return [_member_step(one) for one in operations]


def members_of(value: object) -> tuple[str, ...]:
    """The ids in the value of `members`.

    Raises:
        ScimRefused: `invalidValue`.
    """
    listed = value if isinstance(value, list) else [value]
    ids = [one.get("value") if isinstance(one, dict) else None for one in listed]
    if len(ids) > MOST_MEMBERS or not all(isinstance(one, str) and 0 < len(one) <= 64 for one in ids):
        raise ScimRefused("invalidValue", f"members must be up to {MOST_MEMBERS} objects with a value")
    return tuple(dict.fromkeys(cast("list[str]", ids)))


def _operation(one: object) -> Operation:
    if not isinstance(one, dict):
        raise ScimRefused("invalidSyntax", "an operation must be an object")
    members = {str(name).lower(): value for name, value in one.items()}
    verb, path = members.get("op"), members.get("path")
    if not isinstance(verb, str) or verb.lower() not in ("add", "replace", "remove"):
        raise ScimRefused("invalidSyntax", "op must be add, replace or remove")
    if path is not None and (not isinstance(path, str) or not 0 < len(path) <= 256):
        raise ScimRefused("invalidPath", "path must be a text")
    if verb.lower() != "remove" and "value" not in members:
        raise ScimRefused("invalidSyntax", "add and replace need a value")
    return Operation(cast("Verb", verb.lower()), path, members.get("value"))


def _member_step(one: Operation) -> MemberStep:
    if one.path is None:
        if not isinstance(one.value, dict) or {plain(name) for name in one.value} != {"members"}:
            raise ScimRefused("mutability" if one.value else "noTarget", "only members of a group can change")
        (value,) = one.value.values()
        return MemberStep(one.verb, members_of(value))
    found = _ONE_MEMBER.fullmatch(plain(one.path) if one.path.lower().startswith("urn:") else one.path)
    if found is not None:
        if one.verb != "remove":
            raise ScimRefused("mutability", "a member's value cannot change")
        return MemberStep("remove", (found[1],))
    if plain(one.path) != "members":
        raise ScimRefused("mutability", "only members of a group can change")
    if one.verb == "remove" and one.value is None:
        return MemberStep("remove", None)
    return MemberStep(one.verb, members_of(one.value))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
