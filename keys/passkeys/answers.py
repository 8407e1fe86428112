"""Reads what a browser hands over for an authenticator: JSON after WebAuthn L3 §5.1, within narrow limits."""

from __future__ import annotations

import struct
from typing import TypeVar

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from fido2.webauthn import AttestationObject, AuthenticatorData, CollectedClientData

from keys.passkeys.model import PasskeyRefused, Presented
from keys.primitives import base64url

LONGEST = 16 * 1024
_LONGEST_ID = 1023  # WebAuthn L3 §7.1 step 25
_MOST_TRANSPORTS = 8

UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    struct.error,
    UnsupportedAlgorithm,
)
"""What the reading of arbitrary octets may raise."""


class _Made(msgspec.Struct, rename="camel"):
    client_data: str = msgspec.field(name="clientDataJSON")
    attestation_object: str
    transports: list[str] = msgspec.field(default_factory=list)


class _Shown(msgspec.Struct, rename="camel"):
    client_data: str = msgspec.field(name="clientDataJSON")
    authenticator_data: str
    signature: str
    user_handle: str | None = None


class _Registration(msgspec.Struct, rename="camel"):
    raw_id: str
    response: _Made
    type: str = "public-key"


class _Authentication(msgspec.Struct, rename="camel"):
    raw_id: str
    response: _Shown
    type: str = "public-key"


_Answer = TypeVar("_Answer", _Registration, _Authentication)


class Registration:
    """The answer to `navigator.credentials.create`.

    Raises:
        PasskeyRefused: it cannot be read.
    """

    def __init__(self, answer: str) -> None:
        said = _parsed(answer, _Registration)
        self.credential_id = _credential_id(said.raw_id)
        try:
            self.client_data = CollectedClientData(base64url.decode(said.response.client_data))
            self.attestation = AttestationObject(base64url.decode(said.response.attestation_object))
        except UNREADABLE as error:
            raise PasskeyRefused(f"unreadable: {type(error).__name__}") from None
        known = (one for one in said.response.transports if one.isascii() and len(one) <= 20)
        self.transports = tuple(known)[:_MOST_TRANSPORTS]


class Authentication:
    """The answer to `navigator.credentials.get`.

    Raises:
        PasskeyRefused: it cannot be read.
    """

    def __init__(self, answer: str) -> None:
        said = _parsed(answer, _Authentication)
        self.credential_id = _credential_id(said.raw_id)
        try:
            self.client_data = CollectedClientData(base64url.decode(said.response.client_data))
            self.authenticator_data = AuthenticatorData(base64url.decode(said.response.authenticator_data))
            self.signature = base64url.decode(said.response.signature)
            handle = said.response.user_handle
            self.user_handle = base64url.decode(handle) if handle else None
        except UNREADABLE as error:
            raise PasskeyRefused(f"unreadable: {type(error).__name__}") from None


def presented(answer: str) -> Presented:
    """Which passkey an authentication names, and which challenge it answers.

    Raises:
        PasskeyRefused: it cannot be read.
    """
    read = Authentication(answer)
    return Presented(read.credential_id, read.client_data.challenge)


def challenge_of(answer: str) -> bytes:
    """The challenge that a registration answers.

    Raises:
        PasskeyRefused: it cannot be read.
    """
    return Registration(answer).client_data.challenge


def _parsed(answer: str, kind: type[_Answer]) -> _Answer:
    if len(answer) > LONGEST:
        raise PasskeyRefused("too large")
    try:
        read = msgspec.json.decode(answer.encode("utf-8", "surrogatepass"), type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise PasskeyRefused("not the JSON of a credential") from None
    if read.type != "public-key":
        raise PasskeyRefused("another type of credential")
    return read


def _credential_id(raw_id: str) -> bytes:
    try:
        found = base64url.decode(raw_id)
    except ValueError:
        raise PasskeyRefused("unreadable credential id") from None
    if not 0 < len(found) <= _LONGEST_ID:
        raise PasskeyRefused("a credential id of no length that there is")
    return found
