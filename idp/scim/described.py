"""What a client says of a user, read from its JSON (RFC 7643 §4.1) into typed facts; nothing is believed yet."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.scim.errors import ScimRefused
from idp.scim.names import DEPARTMENT, STAFF, USER
from idp.scim.patch import flattened
from idp.staff.records import StaffMember

ID_NUMBER, PHONE = f"{STAFF}:idNumber", f"{STAFF}:phone"
_LONGEST = 128
_KEPT_AS_READ = frozenset({"schemas", "id", "meta", "groups", "displayname"})  # readOnly: ignored (RFC 7644 §3.5.1)


@dataclass(frozen=True, slots=True)
class Joiner:
    """Somebody who begins to work in a department.

    Attributes:
        phone: for the account, where the person has none yet; a second factor at log-in needs one.
    """

    user_name: str = field(repr=False)
    external_id: str | None = field(repr=False)
    number: str = field(repr=False)
    name: str = field(repr=False)
    department: str
    phone: str | None = field(repr=False)
    active: bool = True


@dataclass(frozen=True, slots=True)
class UserChange:
    """What is to become of a member; None leaves it as it is.

    Attributes:
        clears_external_id: the client's own key goes.
        number, name: as the client sends them along; they must be the person's.
    """

    user_name: str | None = field(default=None, repr=False)
    external_id: str | None = field(default=None, repr=False)
    clears_external_id: bool = False
    department: str | None = None
    active: bool | None = None
    number: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)

    def applied_to(self, member: StaffMember, now: dt.datetime) -> StaffMember:
        return dataclasses.replace(
            member,
            user_name=self.user_name or member.user_name,
            external_id=None if self.clears_external_id else self.external_id or member.external_id,
            department=self.department or member.department,
            active=member.active if self.active is None else self.active,
            changed_at=now,
        )


def read_joiner(document: Mapping[str, Any]) -> Joiner:
    """
    Raises:
        ScimRefused: `invalidSyntax`, `invalidValue`.
    """
    flat = _checked(document)
    name = _name(flat)
    number, department = _text(flat, ID_NUMBER), _text(flat, DEPARTMENT)
    user_name = _text(flat, "userName")
    if name is None or number is None or department is None or user_name is None:
        raise ScimRefused("invalidValue", "userName, name, idNumber and department are required")
    return Joiner(
        user_name, _text(flat, "externalId"), number, name, department, _text(flat, PHONE), _active(flat) is not False
    )


def read_replacement(document: Mapping[str, Any]) -> UserChange:
    """A whole user (PUT): what is left out is cleared, where it can be.

    Raises:
        ScimRefused: `invalidSyntax`, `invalidValue`.
    """
    flat = _checked(document)
    change = read_change(flat)
    if change.user_name is None or change.department is None:
        raise ScimRefused("invalidValue", "userName and department are required")
    return dataclasses.replace(change, clears_external_id=change.external_id is None)


def read_change(flat: Mapping[str, Any]) -> UserChange:
    """Some attributes (PATCH), by path in lower case.

    Raises:
        ScimRefused: `invalidPath`: no such attribute; `invalidValue`; `mutability`: a required one is removed.
    """
    known = {"username", "externalid", "active", "name", "name.formatted", "name.familyname", "name.givenname"}
    known |= {ID_NUMBER.lower(), DEPARTMENT.lower(), PHONE.lower()}
    if not flat.keys() <= known | _KEPT_AS_READ:
        raise ScimRefused("invalidPath", "there is an attribute that users do not have")
    for required in ("userName", DEPARTMENT, "active"):
        if required.lower() in flat and flat[required.lower()] is None:
            raise ScimRefused("mutability", "a required attribute cannot be removed")
    return UserChange(
        _text(flat, "userName"),
        _text(flat, "externalId"),
        "externalid" in flat and flat["externalid"] is None,
        _text(flat, DEPARTMENT),
        _active(flat),
        _text(flat, ID_NUMBER),
        _name(flat),
    )


def _checked(document: Mapping[str, Any]) -> Mapping[str, Any]:
    flat = flattened(document)
    schemas = flat.get("schemas")
    if not isinstance(schemas, list) or USER not in schemas:
        raise ScimRefused("invalidSyntax", "schemas must name the User schema")
    return flat


def _text(flat: Mapping[str, Any], path: str) -> str | None:
    value = flat.get(path.lower())
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST or not value.isprintable():
        raise ScimRefused("invalidValue", f"{path} must be a printable text of at most {_LONGEST} characters")
    return value.strip()


def _active(flat: Mapping[str, Any]) -> bool | None:
    value = flat.get("active")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):  # as some clients write it in a PATCH
        return value.lower() == "true"
    raise ScimRefused("invalidValue", "active must be true or false")


def _name(flat: Mapping[str, Any]) -> str | None:
    """The whole name; a Chinese one is its two parts without a space."""
    whole = flat.get("name")
    if whole is not None and not isinstance(whole, dict):
        raise ScimRefused("invalidValue", "name must be an object")
    parts = {**{f"name.{inner.lower()}": one for inner, one in (whole or {}).items()}, **flat}
    formatted = _text(parts, "name.formatted")
    if formatted is not None:
        return formatted
    family, given = _text(parts, "name.familyName"), _text(parts, "name.givenName")
    return f"{family}{given}" if family and given else None
