"""What an access token says inside, of either format, and one with other claims: for tests that hold our keys."""

from __future__ import annotations

import base64
import json
from typing import Any

from keys.spec import SignatureAlgorithm
from tests.support.idp_world import IdpWorld


def claims_in(world: IdpWorld, token: str) -> dict[str, Any]:
    """The claims of a JWT as they stand there, or of an opaque token by our own key."""
    if token.startswith("yz_"):
        return world.keys.secrets.access.open(token)
    return dict(json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")))


def signed_jwt(world: IdpWorld, claims: dict[str, Any], typ: str = "at+jwt") -> str:
    """By the key that signs access tokens."""
    return world.keys.signer.sign(claims, typ=typ, algorithm=SignatureAlgorithm.ES256)


def sealed(world: IdpWorld, claims: dict[str, Any]) -> str:
    """By the key that seals access tokens."""
    return world.keys.secrets.access.seal(claims)
