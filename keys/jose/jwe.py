"""JSON Web Encryption, compact form only (RFC 7516): to keys of clients, and from them to ours (RFC 8725 §3).

Never `zip` (a small token must not become a large one), no header member that is not known here, one reader, and
sizes have bounds. To others we write RSA-OAEP-256, ECDH-ES and ECDH-ES+A256KW; ourselves we read the last two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from keys.errors import KeyRefused, TokenRejected
from keys.jose import jwe_content
from keys.jose.jwe_content import ContentEncryption, Encrypted
from keys.jose.jwe_keys import KeyManagement, receive_key, send_key
from keys.jose.jwk_set import ForeignKey, KeyUse
from keys.jose.strict_json import read_object
from keys.primitives import base64url

MAXIMUM_SIZE = 32 * 1024
"""Longest JWE that is looked at, in characters."""

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)", re.A)
_HEADER_MEMBERS = frozenset({"alg", "enc", "kid", "typ", "cty", "epk", "apu", "apv"})
NESTED = "JWT"
"""`cty` of an encrypted token that is a signed one inside (RFC 7519 §5.2)."""


@dataclass(frozen=True, slots=True)
class Decrypted:
    """What was inside, and the header that it came under."""

    content: bytes
    header: Mapping[str, Any]


def encrypt(
    content: bytes,
    reader: ForeignKey,
    *,
    management: KeyManagement,
    encryption: ContentEncryption,
    content_type: str | None = NESTED,
) -> str:
    """A compact JWE that only the holder of `reader`'s private key can open.

    Args:
        content: a signed token, as ASCII; or whatever else `content_type` says.

    Raises:
        KeyRefused: the key is not for this, by its type or by its own words.
    """
    if not reader.is_for(KeyUse.ENCRYPTION, str(management)):
        raise KeyRefused(f"the key is not for {management}")
    sent = send_key(management, encryption, reader.members)
    header = {"alg": str(management), "enc": str(encryption), "kid": reader.key_id, "cty": content_type, **sent.header}
    present = {name: value for name, value in header.items() if value is not None}
    protected = base64url.encode(json.dumps(present, separators=(",", ":")).encode("utf-8"))
    sealed = jwe_content.encrypt(encryption, sent.content_key, content, protected.encode("ascii"))
    parts = (sent.encrypted_key, sealed.nonce, sealed.body, sealed.tag)
    return ".".join((protected, *(base64url.encode(part) for part in parts)))


def decrypt(token: str, keys: Mapping[str, ec.EllipticCurvePrivateKey]) -> Decrypted:
    """What a compact JWE to one of our keys holds. Who wrote it is not said: a signed token must be inside.

    Args:
        keys: our private keys by key id; a token without `kid` is for the only one.

    Raises:
        TokenRejected: for whatever reason; the reason is for the log only.
    """
    if len(token) > MAXIMUM_SIZE:
        raise TokenRejected("too long")
    match = _COMPACT.fullmatch(token)
    if match is None:
        raise TokenRejected("not a compact JWE")
    try:
        protected, encrypted_key, nonce, body, tag = (base64url.decode(part) for part in match.groups())
        header = read_object(protected)
        management, encryption = _algorithms(header)
        own = _own(keys, header)
        content_key = receive_key(management, encryption, own, header, encrypted_key)
        associated = match[1].encode("ascii")
        content = jwe_content.decrypt(encryption, content_key, Encrypted(nonce, body, tag), associated)
    except ValueError as error:
        raise TokenRejected(f"JWE: {error}") from None
    return Decrypted(content, header)


def _algorithms(header: Mapping[str, Any]) -> tuple[KeyManagement, ContentEncryption]:
    if header.keys() - _HEADER_MEMBERS:  # `zip`, `crit`, `jwk`, `jku`, `x5u`, `p2c` and whatever else
        raise ValueError("header member not allowed")
    if not all(isinstance(header.get(name, ""), str) for name in ("alg", "enc", "kid", "typ", "cty")):
        raise ValueError("header member no text")
    management = KeyManagement(header.get("alg", ""))
    if not management.agrees:
        raise ValueError("we read what was agreed on, not what was sent")
    return management, ContentEncryption(header.get("enc", ""))


def _own(keys: Mapping[str, ec.EllipticCurvePrivateKey], header: Mapping[str, Any]) -> ec.EllipticCurvePrivateKey:
    key_id = header.get("kid")
    if key_id is None and len(keys) == 1:
        return next(iter(keys.values()))
    if key_id is None or key_id not in keys:
        raise ValueError("no such key")
    return keys[key_id]
