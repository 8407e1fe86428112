"""Encryption of single values at rest: AES-256-GCM or SM4-GCM (NIST SP 800-38D) under data keys of the key ring.

Envelope: the master key seals the data key in the key store; out of the data key comes a key for each place (table,
column, row) by HKDF (RFC 5869); that one seals the value. A place is rewritten a few times in its life, never 2^32
times, so random nonces are safe (SP 800-38D §8.3) however many values one data key serves.

Form of a sealed value: version (1 byte), id of the data key (16 ASCII bytes), nonce (12 random bytes), cipher text,
tag (16 bytes). Version, key id and place are authenticated. Version 1 was sealed under the data key itself; it opens,
and is written anew by `keys.reencrypt`. Version 2 is AES-256, version 4 SM4: the kind of the data key says which, so a
deployment changes over by rotating its data keys. Versions 3 and 5 are large files (`keys.secrets.parts`).
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.files.scratch import Scratch
from keys.errors import FieldDamaged
from keys.ports import FieldCipher, SecretKey, SecretProvider
from keys.secrets.accepted import AcceptedSecrets
from keys.secrets.derive import derived_key
from keys.secrets.parts import PartsCipher
from keys.secrets.sm4 import KEY, SM4GCM
from keys.spec import SecretKind

_UNDER_DATA_KEY, _UNDER_PLACE_KEY, _NATIONAL = b"\x01", b"\x02", b"\x04"
_VERSIONS = {SecretKind.USUAL: _UNDER_PLACE_KEY, SecretKind.NATIONAL: _NATIONAL}
_USE = b"yizheng field v2\x00"
_KEY_ID = 16
_NONCE = 12
_HEAD = 1 + _KEY_ID
_SHORTEST = _HEAD + _NONCE + 16


class EnvelopeCipher:
    """Implements `keys.ports.FieldCipher`.

    Args:
        provider: the key ring.
        purpose: whose secrets are the data keys.
        former: purposes under which values of the same kind were sealed before.
    """

    def __init__(self, provider: SecretProvider, purpose: str, *former: str) -> None:
        self._secrets = AcceptedSecrets(provider, purpose, *former)

    def encrypt(self, value: str, *, context: str) -> bytes:
        return self.encrypt_bytes(value.encode("utf-8"), context=context)

    def decrypt(self, sealed: bytes, *, context: str) -> str:
        return self.decrypt_bytes(sealed, context=context).decode("utf-8")

    def encrypt_bytes(self, value: bytes, *, context: str) -> bytes:
        """As `encrypt`, for what is no text: whole documents."""
        active = self._secrets.active()
        head, place = _head(active), context.encode("utf-8")
        nonce = secrets.token_bytes(_NONCE)
        return head + nonce + _place_cipher(active, place).encrypt(nonce, value, head + place)

    def decrypt_bytes(self, sealed: bytes, *, context: str) -> bytes:
        """
        Raises:
            FieldDamaged: the value or its context was changed, or its key is unknown.
        """
        head, nonce, body = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
        place = context.encode("utf-8")
        cipher = self._cipher(head, place, len(sealed))
        try:
            return cipher.decrypt(nonce, body, head + place)
        except InvalidTag:
            raise FieldDamaged("the value or its context was changed") from None

    def in_parts(self, scratch: Scratch) -> PartsCipher:
        """What encrypts large files under the same data keys."""
        return PartsCipher(self._secrets, scratch)

    def head(self) -> bytes:
        return _head(self._secrets.active())

    def _cipher(self, head: bytes, place: bytes, length: int) -> AESGCM | SM4GCM:
        version, key_id = head[:1], head[1:]
        if length < _SHORTEST or version not in (_UNDER_DATA_KEY, _UNDER_PLACE_KEY, _NATIONAL):
            raise FieldDamaged("not a sealed value")
        key = self._secrets.find(key_id.decode("ascii", "replace"))
        if key is None:  # never made, or retired since
            raise FieldDamaged("the data key is unknown")
        if version == _UNDER_DATA_KEY and key.kind is SecretKind.USUAL:
            return AESGCM(key.value)
        if version != _VERSIONS[key.kind]:  # one key is never used with two algorithms
            raise FieldDamaged("the data key is of another kind")
        return _place_cipher(key, place)


def _place_cipher(data_key: SecretKey, place: bytes) -> AESGCM | SM4GCM:
    place_key = derived_key(data_key.value, _USE + place, data_key.kind)
    return SM4GCM(place_key[:KEY]) if data_key.kind is SecretKind.NATIONAL else AESGCM(place_key)


def _head(data_key: SecretKey) -> bytes:
    return _VERSIONS[data_key.kind] + data_key.key_id.encode("ascii")


def binds_no_place(sealed: bytes) -> bool:
    """Whether the value is of version 1, in which whole documents were sealed without their place."""
    return sealed[:1] == _UNDER_DATA_KEY


def heads_of(key_id: str) -> tuple[bytes, ...]:
    """What values in any form under this key begin with."""
    return tuple(version + key_id.encode("ascii") for version in (_UNDER_DATA_KEY, _UNDER_PLACE_KEY, _NATIONAL))


_: type[FieldCipher] = EnvelopeCipher
