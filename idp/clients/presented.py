"""What a request says about who sends it; nothing of it is believed yet (RFC 6749 §2.3; RFC 7521 §4.2)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote_plus

from idp.clients.assertions import TYPE
from idp.errors import InvalidClient, InvalidRequest
from keys.errors import TokenRejected
from keys.jose.jws import UnverifiedToken, parse_compact

_MAX_HEADER = 4_096


class Presented(StrEnum):
    """In which way a client presents itself."""

    BASIC = "basic"
    POST = "post"
    ASSERTION = "assertion"
    NAME = "name"  # its id alone: a public client, or one whose proof is its certificate


@dataclass(frozen=True, slots=True)
class PresentedCredentials:
    """Who somebody says to be, and what they show for it."""

    client_id: str
    kind: Presented
    secret: str | None = field(default=None, repr=False)
    assertion: UnverifiedToken | None = field(default=None, repr=False)


def presented_credentials(authorization: str | None, parameters: Mapping[str, str]) -> PresentedCredentials:
    """
    Raises:
        InvalidClient: no credentials, or some that cannot be read.
        InvalidRequest: more than one method, or two different client ids.
    """
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    if "client_assertion" in parameters or "client_assertion_type" in parameters:
        if authorization is not None or secret is not None:
            raise _several()
        return _by_assertion(client_id, parameters)
    if authorization is not None:
        basic_id, basic_secret = _read_basic(authorization)
        if secret is not None or (client_id is not None and client_id != basic_id):
            raise _several()
        return PresentedCredentials(basic_id, Presented.BASIC, basic_secret)
    if client_id is None:
        raise InvalidClient(private="no client credentials")
    return PresentedCredentials(client_id, Presented.NAME if secret is None else Presented.POST, secret)


def _by_assertion(client_id: str | None, parameters: Mapping[str, str]) -> PresentedCredentials:
    if parameters.get("client_assertion_type") != TYPE:  # RFC 7521 §4.2
        raise InvalidClient(f"client_assertion_type must be {TYPE}")
    try:
        assertion = parse_compact(parameters.get("client_assertion", ""))
    except TokenRejected as error:
        raise InvalidClient("the client assertion cannot be read", private=error.reason) from None
    subject = assertion.claims.get("sub")
    if not isinstance(subject, str) or (client_id is not None and client_id != subject):  # RFC 7521 §4.2
        raise InvalidClient("the client assertion's sub must be the client's id")
    return PresentedCredentials(subject, Presented.ASSERTION, assertion=assertion)


def _read_basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic" or len(value) > _MAX_HEADER:
        raise InvalidClient("the Authorization header must be Basic", challenge=True)
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        client_id, colon, secret = text.partition(":")
        # RFC 6749 §2.3.1: both parts were form-urlencoded before they were joined
        client_id, secret = (unquote_plus(part, errors="strict") for part in (client_id, secret))
    except (binascii.Error, ValueError):
        raise InvalidClient("the Authorization header cannot be read", challenge=True) from None
    if not colon:
        raise InvalidClient("the Authorization header cannot be read", challenge=True)
    return client_id, secret


def _several() -> InvalidRequest:
    return InvalidRequest("more than one client authentication method")  # RFC 6749 §2.3
