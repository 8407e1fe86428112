"""JSON Web Signatures (RFC 7515) by python-jose, with keys that may live in any backend.

python-jose gets key objects only, never PEM text or JWK dictionaries, so its guessing of key types
(CVE-2024-33663) has nothing to guess from, and nothing is parsed again for each signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jose import backends as jose_backends
from jose import jwk as jose_jwk
from jose import jws as jose_jws
from jose.backends.base import Key
from jose.backends.cryptography_backend import CryptographyECKey, CryptographyRSAKey
from jose.constants import ALGORITHMS as JOSE_ALGORITHMS
from jose.exceptions import JWKError, JWSError

from core.errors import AppError
from keys.errors import TokenRejected
from keys.jose.strict_json import read_object
from keys.ports import Signer
from keys.primitives import base64url
from keys.primitives.ports import PublicKey
from keys.primitives.registry import primitive
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use

if jose_backends.ECKey is not CryptographyECKey or jose_backends.RSAKey is not CryptographyRSAKey:
    raise ImportError("python-jose fell back to a pure-Python backend; install python-jose[cryptography]")

MAXIMUM_SIZE = 16 * 1024
"""Longest token that is looked at, in characters."""

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})


class SigningKey(Key):
    """python-jose's view of a `Signer`."""

    def __init__(self, signer: Signer) -> None:
        self._sign = signer.sign
        self._to_jose = primitive(signer.algorithm).to_jose

    def sign(self, msg: bytes) -> bytes:
        return self._to_jose(self._sign(msg))


class VerifyingKey(Key):
    """python-jose's view of one public key, parsed once and bound to one algorithm."""

    def __init__(self, key: PublicKey, algorithm: SignatureAlgorithm) -> None:
        self.until = ALGORITHMS[algorithm].until(key.bits, frozenset({Use.TOKEN}))
        """The last day on which a token signed by it counts; None without an end in sight."""
        self._verify = key.verify
        self._from_jose = primitive(algorithm).from_jose

    def verify(self, msg: bytes, sig: bytes) -> bool:
        try:
            signature = self._from_jose(sig)
        except ValueError:
            return False
        return self._verify(signature, msg)


class _NeverFromData(Key):
    """What python-jose would make of key data for an algorithm that it does not know by itself: nothing."""

    def __init__(self, key: Any, algorithm: str) -> None:
        raise JWKError(f"keys for {algorithm} are handed over as objects")


for _row in ALGORITHMS.values():  # PS256 and EdDSA: python-jose refuses names that nobody registered
    if _row.tokens and str(_row.algorithm) not in JOSE_ALGORITHMS.SUPPORTED:
        jose_jwk.register_key(str(_row.algorithm), _NeverFromData)


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token taken apart. Nothing in it has been verified yet."""

    text: str
    algorithm: str
    key_id: str | None
    typ: str | None
    claims: dict[str, Any]


def sign_compact(claims: Mapping[str, Any], signer: Signer, *, typ: str) -> str:
    """A compact JWS (RFC 7515 §7.1) over `claims`, with `alg`, `kid` and `typ` in its header.

    Raises:
        core.errors.Unavailable: the signer's device does not answer.
    """
    headers = {"kid": signer.key_id, "typ": typ}
    try:
        token: str = jose_jws.sign(claims, SigningKey(signer), headers=headers, algorithm=str(signer.algorithm))
    except JWSError as error:  # python-jose wraps whatever the key raised
        if isinstance(error.__context__, AppError):
            raise error.__context__ from None
        raise
    return token


def parse_compact(token: str) -> UnverifiedToken:
    """Take a compact JWS apart, strictly.

    Raises:
        TokenRejected: too long, not three canonical base64url parts, JSON with duplicate or odd members, or a
            header with more than `alg`, `kid` and `typ`: `jwk`, `jku`, `x5u`, `x5c` and `crit` among them
            (RFC 8725 §3.10; RFC 7515 §4.1.11). A JWE has five parts and is refused here.
    """
    header_part, claims_part = split_compact(token)
    header = read_part(header_part)
    if header.keys() - _HEADER_MEMBERS:
        raise TokenRejected("header member not allowed")
    if "alg" not in header or not all(isinstance(value, str) for value in header.values()):
        raise TokenRejected("header member missing or no text")
    claims = read_part(claims_part)
    return UnverifiedToken(token, header["alg"], header.get("kid"), header.get("typ"), claims)


def split_compact(token: str) -> tuple[str, str]:
    """Header and claims of a compact JWS, as they stand in it.

    Raises:
        TokenRejected: too long, or not three parts of base64url; the third must be canonical already.
    """
    if len(token) > MAXIMUM_SIZE:
        raise TokenRejected("too long")
    match = _COMPACT.fullmatch(token)
    if match is None:
        raise TokenRejected("not a compact JWS")
    _decode(match[3])
    return match[1], match[2]


def read_part(part: str) -> dict[str, Any]:
    """The JSON object that is one part of a compact JWS.

    Raises:
        TokenRejected: no canonical base64url, or no JSON object that everybody reads the same.
    """
    return _json_object(_decode(part))


def verify_signature(token: UnverifiedToken, key: Key, algorithm: str) -> None:
    """
    Raises:
        TokenRejected: the signature is not by this key with this algorithm.
    """
    try:
        jose_jws.verify(token.text, key, algorithms=[str(algorithm)])
    except JWSError:
        raise TokenRejected("signature") from None


def _decode(part: str) -> bytes:
    try:
        return base64url.decode(part)
    except ValueError as error:
        raise TokenRejected(str(error)) from None


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        return read_object(data)
    except ValueError as error:
        raise TokenRejected(str(error)) from None
