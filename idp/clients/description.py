"""What a client is to be, before it is one: the document's members with their types, and what administrators add."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.text import Text
from idp.client_metadata import DEFAULT, ClientMetadata
from idp.model import Client, ClientAuthMethod, GrantType
from idp.protocol.scopes import OPENID
from keys.spec import SignatureAlgorithm

CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,63}", re.ASCII)
CODE_GRANTS = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN})


@dataclass(frozen=True, slots=True)
class ClientDescription:
    """A client as somebody describes it.

    Attributes:
        client_id: chosen name, or None to have one made.
        organisation: USCC of the organisation that the client's own tokens act for.
        realname_approved: may ask for the scope `realname`; never taken from a client's own word.
        sector: None for the host of its redirect URIs, or of its sector identifier (OIDC Core §8.1).
        id_token_alg: RS256 is what a client gets that asks for nothing (OIDC Core §15.1).
    """

    name: Text
    client_id: str | None = None
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    auth_method: ClientAuthMethod = ClientAuthMethod.BASIC
    grants: frozenset[GrantType] = CODE_GRANTS
    scopes: frozenset[str] = frozenset({OPENID})
    id_token_alg: SignatureAlgorithm = SignatureAlgorithm.RS256
    organisation: str | None = None
    realname_approved: bool = False
    sector: str | None = None
    metadata: ClientMetadata = DEFAULT


CORE = tuple(
    field.name
    for field in dataclasses.fields(ClientDescription)
    if field.name not in ("client_id", "sector", "metadata")
)
"""Attributes that a client has under the same name."""


def described(client: Client) -> ClientDescription:
    """What the client is, as a description: the one to compare a changed one with."""
    core = {name: getattr(client, name) for name in CORE}
    return ClientDescription(**core, client_id=client.id, sector=client.sector, metadata=client.metadata)


REGISTERED_NAMES = {
    "name": "client_name",
    "auth_method": "token_endpoint_auth_method",
    "grants": "grant_types",
    "scopes": "scope",
    "id_token_alg": "id_token_signed_response_alg",
}
"""Registered names of members where ours are other."""

_HARMLESS = frozenset(
    {
        "client_id",
        "id_token_signed_response_alg",
        "id_token_encrypted_response_alg",
        "id_token_encrypted_response_enc",
        "userinfo_signed_response_alg",
        "userinfo_encrypted_response_alg",
        "userinfo_encrypted_response_enc",
        "authorization_signed_response_alg",
        "authorization_encrypted_response_alg",
        "authorization_encrypted_response_enc",
        "introspection_signed_response_alg",
        "introspection_encrypted_response_alg",
        "introspection_encrypted_response_enc",
        "default_max_age",
        "require_auth_time",
        "default_acr_values",
        "frontchannel_logout_session_required",
        "backchannel_logout_session_required",
        "access_token_format",
        "acting",
        "client_uri",
        "policy_uri",
        "tos_uri",
        "contacts",
        "software_id",
        "software_version",
    }
)
"""Members that decide neither who gets what nor what people believe of the client."""


def changes(old: ClientDescription, new: ClientDescription) -> tuple[str, ...]:
    """The registered names of the members that differ."""
    names = [
        REGISTERED_NAMES.get(name, name)
        for name in (*CORE, "client_id", "sector")
        if getattr(old, name) != getattr(new, name)
    ]
    members = (field.name for field in dataclasses.fields(ClientMetadata))
    return (*names, *(name for name in members if getattr(old.metadata, name) != getattr(new.metadata, name)))


def sensitive(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the changed members that a second person must look at: whatever is not known to be harmless."""
    return tuple(name for name in names if name not in _HARMLESS)
