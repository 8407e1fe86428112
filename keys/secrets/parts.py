"""Large documents at rest: encrypted in parts, never in memory whole (AES-256-GCM or SM4-GCM, NIST SP 800-38D).

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): every document has a key of its own, out of the
data key, a random salt and its place; every part is sealed under a nonce that says its number and whether it is the
last. So parts cannot be changed, left out, put in another order or taken from elsewhere, and a document that was cut
off is told from a whole one.

Form: version (1 byte), id of the data key (16 ASCII bytes), salt (32 random bytes), then parts of 1 MiB, the last one
shorter, each followed by its tag (16 bytes). Version, key id, salt and place are authenticated with every part.
Version 3 is AES-256, version 5 SM4, by the kind of the data key.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.files.scratch import FileBytes, Scratch, ScratchFile
from keys.errors import FieldDamaged
from keys.ports import SecretKey
from keys.secrets.accepted import AcceptedSecrets
from keys.secrets.derive import derived_key
from keys.secrets.sm4 import KEY, SM4GCM
from keys.spec import SecretKind

_IN_PARTS = {SecretKind.USUAL: b"\x03", SecretKind.NATIONAL: b"\x05"}
_USE = b"yizheng file v3\x00"
_KEY_ID, _SALT, _TAG = 16, 32, 16
_HEAD = 1 + _KEY_ID + _SALT
_PART = 1 << 20


class PartsCipher:
    """Encrypts files. Both directions read and write by parts, and block: they belong into a thread."""

    def __init__(self, data_keys: AcceptedSecrets, scratch: Scratch) -> None:
        self._data_keys = data_keys
        self._scratch = scratch

    def encrypt(self, content: ScratchFile, *, context: str) -> ScratchFile:
        """
        Raises:
            core.errors.Unavailable: `storage-full`, `key-missing`.
        """
        active, salt = self._data_keys.active(), secrets.token_bytes(_SALT)
        head = _IN_PARTS[active.kind] + active.key_id.encode("ascii") + salt
        cipher, bound = _cipher(active, salt, context), head + context.encode()
        made = self._scratch.create()
        made.write(head)
        starts = range(0, max(1, len(content)), _PART)
        for number, start in enumerate(starts):
            part = content[start : start + _PART]
            made.write(cipher.encrypt(_nonce(number, last=number == len(starts) - 1), part, bound))
        return made.done()

    def decrypt(self, sealed: FileBytes, *, context: str) -> ScratchFile:
        """
        Raises:
            FieldDamaged: the document or its context was changed, or its key is unknown.
            core.errors.Unavailable: `storage-full`.
        """
        head, key_id = sealed[:_HEAD], sealed[1 : 1 + _KEY_ID].decode("ascii", "replace")
        key = self._data_keys.find(key_id)
        if len(sealed) < _HEAD + _TAG or key is None:
            raise FieldDamaged("not a sealed document, or the data key is unknown")
        if head[:1] != _IN_PARTS[key.kind]:  # one key is never used with two algorithms
            raise FieldDamaged("the data key is of another kind")
        cipher, bound = _cipher(key, head[1 + _KEY_ID :], context), head + context.encode()
        made = self._scratch.create()
        starts = range(_HEAD, len(sealed), _PART + _TAG)
        for number, start in enumerate(starts):
            part = sealed[start : start + _PART + _TAG]
            try:
                made.write(cipher.decrypt(_nonce(number, last=number == len(starts) - 1), part, bound))
            except InvalidTag:
                raise FieldDamaged("the document or its context was changed") from None
        return made.done()


def is_in_parts(sealed: FileBytes) -> bool:
    """Whether a document at rest is of this form."""
    return sealed[:1] in _IN_PARTS.values()


def _cipher(data_key: SecretKey, salt: bytes, context: str) -> AESGCM | SM4GCM:
    key = derived_key(data_key.value, _USE + salt + context.encode(), data_key.kind)
    return SM4GCM(key[:KEY]) if data_key.kind is SecretKind.NATIONAL else AESGCM(key)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
