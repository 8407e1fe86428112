"""The form for a portal: from what was typed to a registration document, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.web.portals.kinds import kind_of
from api.web.portals.words import SCOPES
from core.errors import InvalidInput
from core.text import Text

LINES = ("redirect_uris", "post_logout_redirect_uris", "contacts")
TEXTS = ("backchannel_logout_uri", "frontchannel_logout_uri", "jwks_uri", "policy_uri", "tos_uri", "organisation")
_OWN_FIELDS = frozenset(
    {*LINES, *TEXTS, "client_id", "client_name", "client_name#zh-CN", "client_name#en", "scope", "jwks"}
    | {"realname_approved"}
)
_ISSUED = frozenset({"client_id_issued_at"})
_SCOPE = "scope-"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form.

    Attributes:
        values: by the fields' names.
        scopes: those that are chosen.
    """

    kind: str
    values: Mapping[str, str] = field(repr=False)
    scopes: frozenset[str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


def typed(form: Mapping[str, str]) -> Typed:
    """What somebody sent."""
    scopes = frozenset(name.removeprefix(_SCOPE) for name in form if name.startswith(_SCOPE))
    return Typed(form.get("kind", ""), form, scopes)


def filled(document: Mapping[str, Any]) -> Typed:
    """The form for a client as it is."""
    values = {name: str(document.get(name, "")) for name in (*TEXTS, "client_id")}
    values |= {name: "\n".join(document.get(name, ())) for name in LINES}
    values["name_zh"] = str(document.get("client_name#zh-CN", ""))
    values["name_en"] = str(document.get("client_name#en", ""))
    values["jwks"] = _written(document["jwks"]) if document.get("jwks") else ""
    values["more"] = _written({name: value for name, value in document.items() if _is_more(name)})
    return Typed("", values, frozenset(str(document.get("scope", "")).split()))


def document_of(sent: Typed, *, existing: bool) -> dict[str, Any]:
    """The registration document that the form stands for (RFC 7591 §2).

    Args:
        existing: the client is there: what it is otherwise stands in the field for further members.

    Raises:
        InvalidInput: `form-invalid`: a field that must hold JSON does not.
    """
    document: dict[str, Any] = {} if existing else dict(kind_of(sent.kind).document)
    document |= _object("more", sent["more"])
    for name in LINES:
        document[name] = [line.strip() for line in sent[name].splitlines() if line.strip()]
    document |= {name: sent[name] for name in TEXTS if sent[name]}
    if sent["jwks"]:
        document["jwks"] = _object("jwks", sent["jwks"])
    if sent["client_id"]:
        document["client_id"] = sent["client_id"]
    document["client_name#zh-CN"] = sent["name_zh"]
    document["client_name#en"] = sent["name_en"] or sent["name_zh"]
    others = frozenset(sent["other_scopes"].split())
    document["scope"] = " ".join(sorted((sent.scopes & SCOPES.keys()) | others))
    document["realname_approved"] = "realname" in sent.scopes
    return document


def field_of(member: str | None) -> str:
    """The form's field in which a member of the document is typed."""
    if member in ("client_name", "client_name#zh-CN", "name"):
        return "name_zh"
    if member == "client_name#en":
        return "name_en"
    if member in ("scope", "scopes", "realname_approved"):
        return "scope"
    return member if member in (*LINES, *TEXTS, "client_id", "jwks", "more") else "more" if member else ""


def _is_more(name: str) -> bool:
    return name not in _OWN_FIELDS | _ISSUED


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)


def _object(name: str, text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidInput(
            "form-invalid",
            Text(
                "这里要写一个 JSON 对象，用花括号括起来，名字加双引号。",
                "This takes a JSON object: in braces, names in double quotes.",
            ),
            field=name,
        )
    return found
