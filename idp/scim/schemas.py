"""The schemas that clients read (RFC 7643 §7): only what the service keeps, with who may write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from idp.scim.names import GROUP, SCHEMA, STAFF, USER


def _attribute(name: str, description: str, kind: str = "string", **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": description,
        "required": False,
        "mutability": "readWrite",
        "returned": "default",
    }
    if kind in ("string", "reference"):
        made |= {"caseExact": True, "uniqueness": "none"}
    return made | changes


_NAME_PARTS = [
    _attribute("formatted", "The whole name, as on the identity card", mutability="immutable"),
    _attribute("familyName", "With givenName, where formatted is missing", mutability="immutable", returned="never"),
    _attribute("givenName", "With familyName", mutability="immutable", returned="never"),
]
_GROUP_PARTS = [
    _attribute("value", "The group's id", mutability="readOnly"),
    _attribute("$ref", "The group", "reference", mutability="readOnly", referenceTypes=["Group"]),
    _attribute("display", "The group's name", mutability="readOnly"),
    _attribute("type", "Always direct", mutability="readOnly", canonicalValues=["direct"]),
]
_MEMBER_PARTS = [
    _attribute("value", "The user's id", mutability="immutable"),
    _attribute("$ref", "The user", "reference", mutability="immutable", referenceTypes=["User"]),
    _attribute("type", "Always User", mutability="immutable", canonicalValues=["User"]),
]


def _schema(id_: str, name: str, description: str, attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schemas": [SCHEMA], "id": id_, "name": name, "description": description, "attributes": attributes}


SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    USER: _schema(
        USER,
        "User",
        "A member of staff",
        [
            _attribute(
                "userName",
                "What the personnel system calls them",
                required=True,
                caseExact=False,
                uniqueness="server",
            ),
            _attribute(
                "name", "The real name", "complex", required=True, mutability="immutable", subAttributes=_NAME_PARTS
            ),
            _attribute("displayName", "The real name", mutability="readOnly"),
            _attribute("active", "False ends roles, sessions and tokens at once", "boolean"),
            _attribute(
                "groups", "Roles", "complex", multiValued=True, mutability="readOnly", subAttributes=_GROUP_PARTS
            ),
        ],
    ),
    STAFF: _schema(
        STAFF,
        "Staff",
        "Who the person is and where they work",
        [
            _attribute("idNumber", "Citizen identity number", required=True, mutability="immutable", returned="never"),
            _attribute("department", "Unified social credit code of the department", required=True),
            _attribute(
                "phone", "For an account that is opened with it; else ignored", mutability="immutable", returned="never"
            ),
        ],
    ),
    GROUP: _schema(
        GROUP,
        "Group",
        "A role in a department",
        [
            _attribute("displayName", "role@department", mutability="readOnly", uniqueness="server", caseExact=False),
            _attribute("members", "Who has the role", "complex", multiValued=True, subAttributes=_MEMBER_PARTS),
        ],
    ),
}
