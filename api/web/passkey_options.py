"""What the script hands to `navigator.credentials` (W3C WebAuthn L3 §5.4, §5.5), as JSON with base64url for octets."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import orjson

from core.text import Text
from idp.factors.passkeys.enrol import EnrolmentTerms
from idp.factors.passkeys.model import Passkey
from keys.passkeys.ceremonies import ALGORITHMS
from keys.passkeys.model import RelyingParty

_TIMEOUT = 300_000  # milliseconds; an authenticator may have to be fetched from another room


def creation_options(terms: EnrolmentTerms, party: RelyingParty, name: Text) -> str:
    """
    Args:
        name: of this service, for the authenticator's own screen.
    """
    return _json(
        {
            "rp": {"id": party.id, "name": name.zh},
            "user": {"id": _text(terms.user_handle), "name": terms.user_name, "displayName": terms.user_name},
            "challenge": _text(terms.challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": one} for one in ALGORITHMS],
            "timeout": _TIMEOUT,
            "excludeCredentials": _descriptors(terms.known),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "direct" if terms.attested else "none",
        }
    )


def request_options(challenge: bytes, party: RelyingParty, allowed: Sequence[Passkey] = ()) -> str:
    """
    Args:
        allowed: passkeys of the person whose log-in has begun; empty for anybody's.
    """
    return _json(
        {
            "rpId": party.id,
            "challenge": _text(challenge),
            "timeout": _TIMEOUT,
            "userVerification": "required",
            "allowCredentials": _descriptors(allowed),
        }
    )


def _descriptors(passkeys: Sequence[Passkey]) -> list[dict[str, object]]:
    return [
        {"type": "public-key", "id": _text(one.credential_id), "transports": list(one.transports)} for one in passkeys
    ]


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _json(options: dict[str, object]) -> str:
    return orjson.dumps(options).decode()
