"""Tokens put together by hand, right or wrong, without any of our JOSE code."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from keys.ports import Signer
from keys.spec import SignatureAlgorithm


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def part(value: Any) -> str:
    """One part of a token: an object, or JSON text written by hand."""
    return encoded(value.encode() if isinstance(value, str) else json.dumps(value).encode())


def header_for(signer: Signer, typ: str = "JWT", **changes: Any) -> dict[str, Any]:
    """The header that our own tokens have; None takes a member away."""
    members = {"alg": str(signer.algorithm), "kid": signer.key_id, "typ": typ} | changes
    return {name: value for name, value in members.items() if value is not None}


def raw_signature(signer: Signer, message: bytes) -> bytes:
    """The signature as JOSE writes it."""
    signature = signer.sign(message)
    octets = {SignatureAlgorithm.ES256: 32, SignatureAlgorithm.SM2_SM3: 32, SignatureAlgorithm.ES384: 48}.get(
        signer.algorithm
    )
    if octets is not None:
        return b"".join(number.to_bytes(octets, "big") for number in decode_dss_signature(signature))
    return signature


def token(header: Any, claims: Any, signer: Signer) -> str:
    """A token with whatever header and claims, truly signed by `signer`."""
    signing_input = f"{part(header)}.{part(claims)}"
    return f"{signing_input}.{encoded(raw_signature(signer, signing_input.encode()))}"


def token_with(header: Any, claims: Any, signature: bytes) -> str:
    """A token with whatever header, claims and signature."""
    return f"{part(header)}.{part(claims)}.{encoded(signature)}"
