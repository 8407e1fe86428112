"""Reads which models of authenticators an operator trusts (W3C WebAuthn L3 §6.5)."""

from __future__ import annotations

import re

import msgspec

from keys.errors import CertificateRefused
from keys.passkeys.model import AttestationMode, AttestationPolicy, AuthenticatorModel
from keys.trust.certificate import read_any_form

_AAGUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    roots: list[str]


def read_policy(mode: AttestationMode, models: bytes) -> AttestationPolicy:
    """
    Args:
        models: JSON: by AAGUID, the model's `name` and `roots`, certificates as PEM.

    Raises:
        ValueError: it cannot be read; says what is wrong.
    """
    try:
        entries = msgspec.json.decode(models or b"{}", type=dict[str, _Entry])
    except msgspec.MsgspecError as error:
        raise ValueError(f"models of authenticators: {error}") from None
    found = {}
    for aaguid, entry in entries.items():
        if _AAGUID.fullmatch(aaguid.lower()) is None or not entry.roots:
            raise ValueError(f"models of authenticators: {aaguid!r} is no AAGUID, or has no root")
        try:
            roots = tuple(read_any_form(one.encode()) for one in entry.roots)
        except CertificateRefused:
            raise ValueError(f"models of authenticators: a root of {aaguid} is no certificate") from None
        found[aaguid.lower()] = AuthenticatorModel(entry.name, roots)
    if mode is not AttestationMode.NONE and not found:
        raise ValueError("models of authenticators: the policy needs a list of them")
    return AttestationPolicy(mode, found)
