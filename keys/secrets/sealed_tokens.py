"""Opaque tokens that carry their own content: AES-256-GCM (NIST SP 800-38D) under a secret of the key ring.

Nobody but us can read one or make one, nothing is written down for it, and it costs less than a signature. Each token
is sealed under a key of its own, made by HKDF (RFC 5869) from the ring's secret and 16 random octets, which are the
token's id too: a secret may seal as many as it likes (SP 800-38D §8.3 allows 2^32 under one key with random nonces),
since no key seals two.

Form: the prefix, the id of the secret (16 characters), then base64url of id, cipher text and tag (16 octets). Prefix,
id of the secret and use are authenticated.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.errors import TokenRejected
from keys.ports import SealedTokens, SecretProvider
from keys.primitives import base64url
from keys.secrets.accepted import AcceptedSecrets
from keys.secrets.derive import derived_key

_KEY_ID, _ID, _TAG = 16, 16, 16
_NONCE = bytes(12)  # no key is used twice
_USE = b"yizheng sealed token v1\x00"
LONGEST = 8 * 1024
"""Characters of a token that is looked at."""


class AeadSealedTokens:
    """Implements `keys.ports.SealedTokens`.

    Args:
        purpose: whose secrets seal, e.g. `oidc.access`.
        prefix: what the tokens begin with, so that people and programs that search for secrets know them.
    """

    def __init__(self, provider: SecretProvider, purpose: str, prefix: str) -> None:
        self._secrets = AcceptedSecrets(provider, purpose)
        self._prefix = prefix
        self._use = _USE + purpose.encode("ascii") + b"\x00"
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(dict[str, Any])

    def seal(self, claims: Mapping[str, Any]) -> str:
        active = self._secrets.active()
        number = secrets.token_bytes(_ID)
        head = f"{self._prefix}{active.key_id}"
        sealed = self._cipher(active.value, number).encrypt(_NONCE, self._encoder.encode(claims), head.encode("ascii"))
        return head + base64url.encode(number + sealed)

    def open(self, token: str) -> dict[str, Any]:
        head_size = len(self._prefix) + _KEY_ID
        if not token.startswith(self._prefix) or len(token) > LONGEST:
            raise TokenRejected("not a sealed token")
        key = self._secrets.find(token[len(self._prefix) : head_size])
        if key is None:
            raise TokenRejected("kid")
        try:
            octets = base64url.decode(token[head_size:])
        except ValueError as error:
            raise TokenRejected(str(error)) from None
        if len(octets) < _ID + _TAG:
            raise TokenRejected("too short")
        number = octets[:_ID]
        try:
            cipher = self._cipher(key.value, number)
            claims = self._decoder.decode(cipher.decrypt(_NONCE, octets[_ID:], token[:head_size].encode("ascii")))
        except (InvalidTag, msgspec.MsgspecError):
            raise TokenRejected("seal") from None
        claims["jti"] = base64url.encode(number)
        return claims

    def is_one(self, token: str) -> bool:
        return token.startswith(self._prefix)

    def _cipher(self, secret: bytes, number: bytes) -> AESGCM:
        return AESGCM(derived_key(secret, self._use + number))


_: type[SealedTokens] = AeadSealedTokens
