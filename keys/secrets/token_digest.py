"""Opaque tokens and client secrets at rest: an HMAC-SHA-256 (RFC 2104) of each, never the value.

A leaked table holds nothing that can be used, and without the key of the ring nobody can even try a value against it.
A fast digest is right here because the values are random with at least 128 bits; a password never goes this way.

Form: id of the secret (16 characters), a dot, 43 characters of base64url: 60 in all. Before, a digest was the
64 hexadecimal characters of a plain SHA-256: where such digests may still lie they are recognised, and give way as
their values are used.
Each use has a key of its own (HKDF, RFC 5869), so a digest put into another column names nothing there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from keys.ports import SecretKey, SecretProvider, TokenDigests
from keys.secrets.accepted import AcceptedSecrets
from keys.secrets.derive import derived_key
from keys.secrets.purposes import TOKENS

_KEY_ID = 16
_MOST_KEYS = 100
_USE = b"yizheng token v2\x00"


class HmacTokenDigests:
    """Implements `keys.ports.TokenDigests`.

    Args:
        provider: the key ring.
        once_plain: uses whose stored digests may still be plain SHA-256.
    """

    def __init__(self, provider: SecretProvider, *, once_plain: frozenset[str] = frozenset()) -> None:
        self._secrets = AcceptedSecrets(provider, TOKENS)
        self._once_plain = once_plain
        self._keys: dict[tuple[str, str], bytes] = {}  # by secret and use

    def digest(self, use: str, value: str) -> str:
        return self._digest(self._secrets.active(), use, _octets(value))

    def digests(self, use: str, value: str) -> tuple[str, ...]:
        octets = _octets(value)
        keyed = tuple(self._digest(key, use, octets) for key in self._secrets.all())
        return (*keyed, _plain(octets)) if use in self._once_plain else keyed

    def matches(self, use: str, value: str, stored: str | None) -> bool:
        octets, stored = _octets(value), stored or ""
        key = self._secrets.find(stored[:_KEY_ID])
        made = self._digest(key or self._secrets.active(), use, octets)  # for nobody's digest too: it takes as long
        if key is None and use in self._once_plain:
            made = _plain(octets)
        return hmac.compare_digest(made.encode(), stored.encode("utf-8", "surrogatepass"))

    def _digest(self, key: SecretKey, use: str, octets: bytes) -> str:
        derived = self._keys.get((key.key_id, use))
        if derived is None:
            if len(self._keys) >= _MOST_KEYS:  # keys come and go with their rotation
                self._keys.clear()
            derived = self._keys[key.key_id, use] = derived_key(key.value, _USE + use.encode())
        mac = hmac.digest(derived, octets, "sha256")
        return f"{key.key_id}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode('ascii')}"

    def is_current(self, stored: str) -> bool:
        return stored.startswith(f"{self._secrets.active().key_id}.")


def _plain(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _octets(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")  # whatever a caller sends (attacks O-38)


_: type[TokenDigests] = HmacTokenDigests
