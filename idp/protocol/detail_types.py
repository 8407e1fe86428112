"""The types of authorization details that exist here, as data (RFC 9396 §2, §5).

A type is a JSON Schema and the words in which a person is told what they agree to. Every member that may be left out
is a limit: whoever adds it asks for less. So one rule tells for every type whether a request is narrower than a grant
(`idp.protocol.authorization_details`), and a new type is a new row here and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.text import Text


def _whole(pattern: str) -> str:
    """For the whole text: Python's `$` alone would let a line break through at the end."""
    return f"^(?:{pattern})$(?!\\n)"


# no controls, no line breaks, no half characters, nothing that turns the direction of writing
_PRINTABLE = _whole("[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]*")
_CODE = _whole("[0-9A-Za-z][0-9A-Za-z._/-]{0,63}")
_LOCATIONS = {  # RFC 9396 §2.2: where the token may be used; our words for it are `resource` identifiers
    "type": "array",
    "minItems": 1,
    "maxItems": 8,
    "uniqueItems": True,
    "items": {"type": "string", "minLength": 1, "maxLength": 1024, "pattern": _whole("[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")},
}


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a type as people are told of it."""

    name: str
    label: Text


@dataclass(frozen=True, slots=True)
class DetailType:
    """One type.

    Attributes:
        name: value of `type`.
        title: what the client wants to do, in one line.
        consequence: what follows for the person who agrees.
        members: in the order in which they are shown.
        schema: JSON Schema, draft 2020-12, of one object of this type.
    """

    name: str
    title: Text
    consequence: Text
    members: tuple[Member, ...]
    schema: Mapping[str, Any]


def _schema(name: str, required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,  # RFC 9396 §5: unknown fields are refused
        "required": ["type", *required],
        "properties": {"type": {"const": name}, "locations": _LOCATIONS, **properties},
    }


def _texts(pattern: str, most: int) -> dict[str, Any]:
    item = {"type": "string", "maxLength": 128, "pattern": _whole(pattern)}
    return {"type": "array", "minItems": 1, "maxItems": most, "uniqueItems": True, "items": item}


LICENCE_COPY = DetailType(
    "licence_copy",
    Text("取一份您的证照加注副本", "Fetch an annotated copy of your licence"),
    Text(
        "副本上印着用途和失效日期，换个地方不能用；会记入您的“谁看过”。",
        "The copy carries its purpose and its end and is of no use elsewhere; it is recorded under Who looked.",
    ),
    (
        Member("licence_types", Text("哪些证照", "Which licences")),
        Member("service_item", Text("办理事项", "For which service")),
        Member("purpose", Text("用途", "Purpose")),
        Member("case_number", Text("办件编号", "Case number")),
        Member("valid_days", Text("副本有效天数", "Days the copy counts")),
        Member("locations", Text("在哪里用", "Used at")),
    ),
    _schema(
        "licence_copy",
        ["licence_types", "service_item", "purpose"],
        {
            "licence_types": _texts("[0-9A-Z]{18}[0-9]{3}", 10),  # GB/T 36904 type codes
            "service_item": {"type": "string", "pattern": _CODE},
            "purpose": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": _PRINTABLE},
            "case_number": {"type": "string", "pattern": _CODE},
            "valid_days": {"type": "integer", "minimum": 1, "maximum": 30},
        },
    ),
)

SEAL_SIGN = DetailType(
    "seal_sign",
    Text("用您单位的电子印章在文件上盖章", "Put your organisation's seal on documents"),
    Text(
        "盖章后的文件与加盖公章的纸质文件具有同等效力；每一次盖章都有记录。",
        "A sealed document has the same effect as paper with the seal; every use of the seal is recorded.",
    ),
    (
        Member("seal", Text("哪一枚印章", "Which seal")),
        Member("document_title", Text("文件", "Document")),
        Member("document_class", Text("文件种类", "Kind of document")),
        Member("document_digests", Text("文件摘要（SHA-256）", "Digests of the documents (SHA-256)")),
        Member("signatures", Text("最多盖几次", "Times at most")),
        Member("locations", Text("在哪里用", "Used at")),
    ),
    _schema(
        "seal_sign",
        ["seal", "document_title"],
        {
            "seal": {"type": "string", "pattern": _whole("[0-9]{13}")},  # GA/T 1461-like seal code (印章编码)
            "document_title": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": _PRINTABLE},
            "document_class": {"type": "string", "pattern": _whole("[a-z0-9][a-z0-9-]{0,63}")},
            "document_digests": _texts("[A-Za-z0-9_-]{43}", 50),
            "signatures": {"type": "integer", "minimum": 1, "maximum": 50},
        },
    ),
)

_DIGEST_OF_DOCUMENT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["hash"],
    "properties": {
        "hash": {"type": "string", "pattern": _whole("[A-Za-z0-9+/_-]{43,86}={0,2}")},
        "label": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": _PRINTABLE},
    },
}

CREDENTIAL = DetailType(  # CSC API v2 §8.4.4, which names the type and its members
    "credential",
    Text("在签名软件里用电子印章签这些摘要", "Sign these digests with an e-seal in signing software"),
    Text(
        "只签这里列出的摘要，只签一次。这里看不到文件，请先在签名软件里看过。",
        "These digests and no others, once. The documents cannot be seen here; look at them in your software first.",
    ),
    (
        Member("credentialID", Text("哪一枚印章", "Which seal")),
        Member("documentDigests", Text("哪些文件", "Which documents")),
        Member("hashAlgorithmOID", Text("摘要算法", "Digest algorithm")),
        Member("locations", Text("在哪里用", "Used at")),
    ),
    _schema(
        "credential",
        ["credentialID", "documentDigests", "hashAlgorithmOID"],
        {
            "credentialID": {"type": "string", "pattern": _whole("[0-9]{13}")},
            "documentDigests": {
                "type": "array",
                "minItems": 1,
                "maxItems": 50,
                "uniqueItems": True,
                "items": _DIGEST_OF_DOCUMENT,
            },
            "hashAlgorithmOID": {"enum": [f"2.16.840.1.101.3.4.2.{number}" for number in (1, 2, 3)]},
        },
    ),
)

DETAIL_TYPES: Mapping[str, DetailType] = {one.name: one for one in (LICENCE_COPY, SEAL_SIGN, CREDENTIAL)}
"""Every type by its name."""
