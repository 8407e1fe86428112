"""The worked example of docs/national.md is true: another library, our own verifier and plain SM3 agree with it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

from keys.jose.jwk import thumbprint_of_members
from keys.jose.jwk_set import read_jwk
from keys.jose.jws import VerifyingKey, parse_compact, verify_signature
from keys.spec import SignatureAlgorithm
from tests.support.national_oracle import USER_ID
from tests.support.sm2_clients import read_token

PAGE = Path(__file__).parents[2] / "docs" / "national.md"
# GB/T 32918.5 §2: a, b and the base point
CURVE = bytes.fromhex(
    "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC"
    "28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93"
    "32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"
    "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"
)


def block(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, kind
    return found[1]


def hexed(name: str) -> bytes:
    found = re.search(rf"^\| {name}\b.*`([0-9a-f]{{64}})` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, name
    return bytes.fromhex(found[1])


def sm3(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()


def test_the_example_of_the_page_is_true() -> None:
    jwk, token = json.loads(block("json")), "".join(block("jws").split())
    header, claims = read_token(token, {"keys": [jwk]})
    assert (header["alg"], header["kid"], claims["aud"]) == ("SGD_SM3_SM2", jwk["kid"], "portal-a")
    key = read_jwk(jwk)
    assert thumbprint_of_members(dict(key.members)) == jwk["kid"]
    algorithm = SignatureAlgorithm.SM2_SM3
    verify_signature(parse_compact(token), VerifyingKey(key.fits[algorithm], algorithm), algorithm)
    signing_input, _, signature = token.rpartition(".")
    x, y = (base64.urlsafe_b64decode(jwk[name] + "=") for name in "xy")
    assert hexed("Z") == sm3((8 * len(USER_ID)).to_bytes(2, "big") + USER_ID + CURVE + x + y)
    assert hexed("e") == sm3(hexed("Z") + signing_input.encode())
    assert base64.urlsafe_b64decode(signature + "==") == hexed("r") + hexed("s")
