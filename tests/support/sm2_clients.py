"""Clients that sign and verify by SM2, with a pure-Python library in place of ours (GM/T 0125)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from gmalg import SM2

from tests.support.national_oracle import USER_ID
from tests.unit.keys.forge import encoded, part

ALG = "SGD_SM3_SM2"
OCTETS = 32


@dataclass
class Sm2SigningKey:
    """A client's key; has what `tests.support.idp_proofs.SigningKey` has."""

    kid: str | None = "sm2-1"
    user_id: bytes = USER_ID
    alg: str = ALG
    secret: bytes = field(default=b"", repr=False)
    point: bytes = b""

    def __post_init__(self) -> None:
        if not self.secret:
            self.secret, self.point = SM2().generate_keypair()

    def jwk(self, **changes: Any) -> dict[str, Any]:
        x, y = self.point[1 : 1 + OCTETS], self.point[1 + OCTETS :]
        members = {"kty": "EC", "crv": "SM2-P-256", "x": encoded(x), "y": encoded(y), "alg": ALG, "use": "sig"}
        return members | ({} if self.kid is None else {"kid": self.kid}) | changes

    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.jwk()]}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A compact JWS; None in the header or the claims leaves a member out."""
        members = {"alg": self.alg, "kid": self.kid, **header}
        present = {name: value for name, value in members.items() if value is not None}
        said = {name: value for name, value in claims.items() if value is not None}
        signing_input = f"{part(present)}.{part(said)}"
        return f"{signing_input}.{encoded(b''.join(self.numbers(signing_input.encode())))}"

    def numbers(self, message: bytes) -> tuple[bytes, bytes]:
        """r and s."""
        r, s = SM2(sk=self.secret, uid=self.user_id, pk=self.point).sign(message)
        return r.rjust(OCTETS, b"\0"), s.rjust(OCTETS, b"\0")


def read_token(token: str, jwks: dict[str, Any], user_id: bytes = USER_ID) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token, as a client reads it that has but the JWK Set and a library for SM2.

    Raises:
        ValueError: the signature does not hold.
    """
    signing_input, _, signature = token.rpartition(".")
    header, claims = (json.loads(decoded(one)) for one in signing_input.split("."))
    (key,) = [one for one in jwks["keys"] if one.get("kid") == header["kid"] and one.get("use") == "sig"]
    if (key["kty"], key.get("crv"), key["alg"], header["alg"]) != ("EC", "SM2-P-256", ALG, ALG):
        raise ValueError("not a key for this algorithm")
    raw = decoded(signature)
    if len(raw) != 2 * OCTETS:
        raise ValueError("not r and s")
    point = b"\x04" + decoded(key["x"]) + decoded(key["y"])
    if not SM2(pk=point, uid=user_id).verify(signing_input.encode(), raw[:OCTETS], raw[OCTETS:]):
        raise ValueError("signature")
    return header, claims


def decoded(text: str) -> bytes:
    """base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
