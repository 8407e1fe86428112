"""A client as a registration document: everything that is registered about it (RFC 7591 §3.2.1, RFC 7592 §3)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from idp.clients.description import ClientDescription
from idp.clients.fields import CORE, METADATA
from idp.model import Client

_ALWAYS = frozenset({"redirect_uris", "grant_types", "response_types"})


def registration_document(client: Client, *, administrators: bool = False) -> dict[str, Any]:
    """
    Args:
        administrators: with the members that only people with that duty set.
    """
    issued = {"client_id": client.id, "client_id_issued_at": int(client.created_at.timestamp())}
    return issued | _document(client, administrators=administrators)


def description_document(description: ClientDescription) -> dict[str, Any]:
    """The same for a client that is not one yet, for whoever decides over it."""
    return _document(description, administrators=True)


def _document(of: Client | ClientDescription, *, administrators: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "client_name": of.name.zh,
        "client_name#zh-CN": of.name.zh,
        "client_name#en": of.name.en,
    }
    for name, (attribute, member) in CORE.items():
        if administrators or not member.administrators:
            _put(document, name, getattr(of, attribute))
    for name, member in METADATA.items():
        if administrators or not member.administrators:
            _put(document, name, getattr(of.metadata, name))
    document["scope"] = " ".join(sorted(of.scopes))
    return document


def _put(document: dict[str, Any], name: str, value: object) -> None:
    if value is None or (value == () and name not in _ALWAYS):
        return
    document[name] = _plain(value)


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(str(one) for one in value)
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
