"""The blind index: find an encrypted value by equality without decrypting (HMAC, RFC 2104; SHA-256 or SM3).

ID numbers are few enough to try them all, so a plain digest would hide nothing; without the key this one tells nothing
but which rows are equal. Each kind of value has a key of its own (HKDF, RFC 5869).

Form: id of the key (16 ASCII bytes), then the MAC (32 bytes). While a key gives way to the next, values stand under
either: whoever looks for one looks under every accepted key, and whoever promises that a value stands only once writes
it under every accepted key, so that two writers always meet under one of them. Before, an index was the bare MAC under
one key that could not be rotated; it is still found, and gives way like any other (`keys.reencrypt`).
"""

from __future__ import annotations

import hmac

from keys.ports import BlindIndex, SecretKey, SecretProvider
from keys.secrets.accepted import AcceptedSecrets
from keys.secrets.derive import DIGESTS, derived_key

BARE_LENGTH = 32  # of an index in the form before
_USE = b"yizheng index v2\x00"
_MOST_KEYS = 512


class HmacIndex:
    """Implements `keys.ports.BlindIndex`.

    Args:
        provider: the key ring.
        purpose: whose secrets are the keys.
        former: the purpose of the bare MACs; the ring may have none of its secrets any more.
    """

    def __init__(self, provider: SecretProvider, purpose: str, former: str | None = None) -> None:
        self._secrets = AcceptedSecrets(provider, purpose)
        self._provider = provider
        self._former = former
        self._keys: dict[tuple[str, str], bytes] = {}

    def digest(self, kind: str, value: str) -> bytes:
        return self._named(self._secrets.active(), kind, value)

    def digests(self, kind: str, value: str) -> tuple[bytes, ...]:
        named = tuple([self._named(key, kind, value) for key in self._secrets.all()])
        if self._former is None:
            return named
        bare = tuple(_bare(key, kind, value) for key in self._provider.accepted(self._former))
        return named + bare if bare else named

    def head(self) -> bytes:
        return self._secrets.active().key_id.encode("ascii")

    def heads(self) -> tuple[bytes, ...]:
        return tuple(key.key_id.encode("ascii") for key in self._secrets.all())

    def finds_bare(self) -> bool:
        return self._former is not None and bool(self._provider.accepted(self._former))

    def _named(self, key: SecretKey, kind: str, value: str) -> bytes:
        place = (key.key_id, kind)
        own = self._keys.get(place)
        if own is None:  # kinds are few and come again with every row of a register
            if len(self._keys) >= _MOST_KEYS:
                self._keys.clear()
            own = self._keys[place] = derived_key(key.value, _USE + kind.encode("utf-8"), key.kind)
        return key.key_id.encode("ascii") + hmac.digest(own, value.encode("utf-8"), DIGESTS[key.kind])


def _bare(key: SecretKey, kind: str, value: str) -> bytes:
    name = kind.encode("utf-8")
    return hmac.digest(key.value, len(name).to_bytes(2, "big") + name + value.encode("utf-8"), "sha256")


_: type[BlindIndex] = HmacIndex
