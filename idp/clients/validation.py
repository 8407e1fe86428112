"""Reads a registration document and decides whether it may be stored: the one place for every way to register.

RFC 7591 §2, §3.2.2; OpenID Connect Registration 1.0 §2, §3.1. Three steps: each member is read by the table of
`fields`; what the document leaves open is settled; every rule must hold. Pure: nothing is looked up or fetched.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Set
from typing import Any

from core.text import Text
from idp.client_metadata import DEFAULT, ClientMetadata, SubjectType
from idp.clients.description import ClientDescription
from idp.clients.fields import CORE, METADATA, text
from idp.clients.policy import RegistrationPolicy, WithoutPkce
from idp.clients.rules import addresses, flows, keys, profiles
from idp.clients.rules.refusals import refused
from idp.model import ClientAuthMethod, GrantType

Rule = Callable[[ClientDescription, RegistrationPolicy], None]

RULES: tuple[Rule, ...] = (
    flows.check_names,
    flows.check_response_types,
    flows.check_grants,
    addresses.check_redirect_uris,
    flows.check_redirect,
    flows.check_scopes,
    flows.check_details_and_resources,
    flows.check_public_clients,
    addresses.check_sector,
    addresses.check_log_out,
    addresses.check_keys_address,
    addresses.check_request_uris,
    addresses.check_pages,
    addresses.check_notification,
    keys.check_key_set,
    keys.check_assertions,
    keys.check_certificates,
    keys.check_signed_by_us,
    keys.check_signed_by_them,
    keys.check_encryption,
    flows.check_ciba,
    flows.check_exchange,
    flows.check_details,
    profiles.check_profile,
)
"""In this order; the first that does not hold is told."""

_UNNAMED = Text("未命名的客户端", "Unnamed client")
_MOST_MEMBERS = 150


def read_description(document: Mapping[str, object], policy: RegistrationPolicy) -> ClientDescription:
    """The client that a document asks for, within a policy.

    Raises:
        idp.errors.RegistrationError: RFC 7591 §3.2.2; `field` names the member.
    """
    if len(document) > _MOST_MEMBERS:
        raise refused("document", "has too many members")
    document = {name: value for name, value in document.items() if value is not None}  # RFC 7592 §2.2
    core = {
        attribute: member.read(name, document[name])
        for name, (attribute, member) in CORE.items()
        if name in document and (policy.administrator or not member.administrators)
    }
    metadata = {
        name: member.read(name, document[name])
        for name, member in METADATA.items()
        if name in document and (policy.administrator or not member.administrators)
    }
    if policy.administrator and "client_id" in document:
        core["client_id"] = text("client_id", document["client_id"])
    described = ClientDescription(_name(document), **core, metadata=ClientMetadata(**metadata))
    return validated(described, policy, given=document.keys())


def validated(
    new: ClientDescription, policy: RegistrationPolicy, *, given: Set[str] | None = None
) -> ClientDescription:
    """The description with everything settled that it left open, if every rule holds.

    Args:
        given: registered names of what was said; None where that is not known, so that defaults count as silence.

    Raises:
        idp.errors.RegistrationError: the first rule that does not hold.
    """
    if given is None:
        given = _spoken(new)
    new = _bounded(_joined(new, given), policy, given)
    new = profiles.settled(new, given)
    for rule in RULES:
        rule(new, policy)
    return new


def _spoken(new: ClientDescription) -> frozenset[str]:
    """What differs from the defaults, and so was said."""
    silent = ClientDescription(new.name)
    core = {name for name, (attribute, _) in CORE.items() if getattr(new, attribute) != getattr(silent, attribute)}
    return frozenset(core | {name for name in METADATA if getattr(new.metadata, name) != getattr(DEFAULT, name)})


def _joined(new: ClientDescription, given: Set[str]) -> ClientDescription:
    """Grants from response types and the reverse, where only one of them was said (OIDC Registration §2)."""
    of = flows.GRANTS_OF_RESPONSE_TYPES
    if "response_types" in given and "grant_types" not in given:
        needed: set[GrantType] = set()
        for response_type in new.metadata.response_types:
            needed |= of.get(response_type, frozenset())
        if GrantType.AUTHORIZATION_CODE in needed:
            needed.add(GrantType.REFRESH_TOKEN)
        return dataclasses.replace(new, grants=frozenset(needed) or new.grants)
    if "response_types" not in given:
        wanted = new.grants & flows.BY_BROWSER
        return _with(new, response_types=frozenset(one for one in ("code", "id_token") if of[one] & wanted))
    return new


def _bounded(new: ClientDescription, policy: RegistrationPolicy, given: Set[str]) -> ClientDescription:
    """What the policy does not let a client have is not taken (attacks O-44)."""
    subject_type = new.metadata.subject_type if policy.public_subjects else SubjectType.PAIRWISE
    new = _with(
        new,
        profile=policy.at_least(new.metadata.profile),
        require_pkce=_require_pkce(new, policy, given),
        subject_type=subject_type,
    )
    if policy.administrator:
        return new
    return dataclasses.replace(new, scopes=(new.scopes if "scope" in given else policy.scopes) & policy.scopes)


def _require_pkce(new: ClientDescription, policy: RegistrationPolicy, given: Set[str]) -> bool:
    if policy.without_pkce is WithoutPkce.NEVER:
        return True
    if "require_pkce" in given:
        return new.metadata.require_pkce
    return policy.without_pkce is not WithoutPkce.UNLESS_ASKED or new.auth_method is ClientAuthMethod.NONE


def _with(new: ClientDescription, **metadata: Any) -> ClientDescription:
    return dataclasses.replace(new, metadata=dataclasses.replace(new.metadata, **metadata))


def _name(document: Mapping[str, object]) -> Text:
    """`client_name` in both languages (RFC 7591 §2.2); without a language tag it stands for those that are missing."""
    plain = _said(document, "client_name")
    zh = _said(document, "client_name#zh-CN", "client_name#zh-Hans", "client_name#zh")
    en = _said(document, "client_name#en", "client_name#en-US", "client_name#en-GB")
    if plain is None and zh is None and en is None:
        return _UNNAMED
    return Text(zh or plain or en or "", en or plain or zh or "")


def _said(document: Mapping[str, object], *names: str) -> str | None:
    return next((text(name, document[name]) for name in names if document.get(name) is not None), None)
