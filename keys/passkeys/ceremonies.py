"""Registration and authentication by passkey, judged step by step (W3C WebAuthn L3 §7.1, §7.2).

User verification is always asked for: a passkey here is two factors, or nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData, CollectedClientData

from keys.passkeys.answers import UNREADABLE, Authentication, Registration
from keys.passkeys.attestation import attested_model
from keys.passkeys.model import Asserted, AttestationPolicy, NewPasskey, PasskeyRefused, RelyingParty

ALGORITHMS = (-7, -8, -257)
"""COSE identifiers of what is accepted, the best first: ES256, EdDSA, RS256 (which Windows needs)."""

_LEAST_RSA_BITS = 2048


def judge_registration(
    answer: str, challenge: bytes, party: RelyingParty, policy: AttestationPolicy, *, now: dt.datetime
) -> NewPasskey:
    """
    Args:
        answer: JSON of the credential, from a stranger.
        challenge: the one that we gave this browser.

    Raises:
        PasskeyRefused: one of the steps of §7.1 does not hold.
    """
    read = Registration(answer)
    data = read.attestation.auth_data
    _check_client_data(read.client_data, "webauthn.create", challenge, party)
    _check_authenticator_data(data, party)
    made = data.credential_data
    if made is None or made.credential_id != read.credential_id:
        raise PasskeyRefused("another credential id than its own")
    if made.public_key.get(3) not in ALGORITHMS:  # §7.1 step 20
        raise PasskeyRefused("an algorithm that was not asked for")
    _check_key(made.public_key)
    model = attested_model(read.attestation, read.client_data.hash, policy, now=now)
    return NewPasskey(
        credential_id=made.credential_id,
        public_key=cbor.encode(dict(made.public_key)),
        aaguid=str(made.aaguid).lower(),
        sign_count=data.counter,
        backup_eligible=data.is_backup_eligible(),
        backed_up=data.is_backed_up(),
        model=None if model is None else model.name,
        transports=read.transports,
    )


def judge_authentication(
    answer: str, challenge: bytes, party: RelyingParty, *, credential_id: bytes, public_key: bytes, user_handle: bytes
) -> Asserted:
    """
    Args:
        answer: JSON of the credential, from a stranger.
        challenge: the one that we gave this browser.
        public_key: COSE_Key, as it was kept.
        user_handle: the one under which the passkey was made; an answer that names another is none (§7.2 step 6).

    Raises:
        PasskeyRefused: one of the steps of §7.2 does not hold.
    """
    read = Authentication(answer)
    if read.credential_id != credential_id:
        raise PasskeyRefused("another credential")
    if read.user_handle is not None and read.user_handle != user_handle:
        raise PasskeyRefused("another user handle")
    _check_client_data(read.client_data, "webauthn.get", challenge, party)
    _check_authenticator_data(read.authenticator_data, party)
    try:
        CoseKey.parse(_cose(public_key)).verify(read.authenticator_data + read.client_data.hash, read.signature)
    except (InvalidSignature, *UNREADABLE) as error:
        raise PasskeyRefused(f"signature: {type(error).__name__}") from None
    data = read.authenticator_data
    return Asserted(data.counter, data.is_backup_eligible(), data.is_backed_up())


def _check_client_data(said: CollectedClientData, kind: str, challenge: bytes, party: RelyingParty) -> None:
    whole: Any = json.loads(said)
    if said.type != kind:
        raise PasskeyRefused("another ceremony")
    if not hmac.compare_digest(said.challenge, challenge):
        raise PasskeyRefused("another challenge")
    if said.origin != party.origin:
        raise PasskeyRefused("another origin")
    if whole.get("crossOrigin", False) is not False or "topOrigin" in whole:  # our pages are in no frame
        raise PasskeyRefused("in a frame")


def _check_authenticator_data(data: AuthenticatorData, party: RelyingParty) -> None:
    if not hmac.compare_digest(data.rp_id_hash, hashlib.sha256(party.id.encode()).digest()):
        raise PasskeyRefused("another relying party")
    if not data.is_user_present():
        raise PasskeyRefused("nobody was present")
    if not data.is_user_verified():
        raise PasskeyRefused("the user was not verified")
    if data.is_backed_up() and not data.is_backup_eligible():  # §7.1 step 18, §7.2 step 19
        raise PasskeyRefused("backed up, and cannot be")


def _check_key(key: CoseKey) -> None:
    if key[3] == -257 and len(bytes(key.get(-1, b"")).lstrip(b"\x00")) * 8 < _LEAST_RSA_BITS:
        raise PasskeyRefused("a weak RSA key")
    try:
        key.verify(b"", b"")
    except InvalidSignature:
        return  # it is a key, on its curve
    except UNREADABLE as error:
        raise PasskeyRefused(f"key: {type(error).__name__}") from None


def _cose(stored: bytes) -> dict[int, Any]:
    read = cbor.decode(stored)
    if not isinstance(read, dict):
        raise TypeError("not a COSE_Key")
    return read
