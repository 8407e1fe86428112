"""A long text sealed in chunks, read and written in constant memory.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015) over AES-256-GCM (NIST SP 800-38D): chunks
of 64 KiB, each under a nonce of its number and of whether it is the last. A chunk that is changed, left out, doubled,
moved, taken from another archive, or missing at the end does not open. The key must be used for one stream only.
"""

from __future__ import annotations

from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keys.archive.errors import ArchiveDamaged

CHUNK = 64 * 1024
_TAG = 16
_MORE, _LAST = b"\x00", b"\x01"


class SealedWriter:
    """Writes the stream; nothing counts before `close`."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._number = 0
        self._waiting = bytearray()

    def write(self, data: bytes) -> None:
        """Takes any amount."""
        self._waiting += data
        start = 0
        while len(self._waiting) - start > CHUNK:  # a full chunk waits too: it may be the last one
            self._seal(bytes(self._waiting[start : start + CHUNK]), _MORE)
            start += CHUNK
        del self._waiting[:start]

    def close(self) -> None:
        """Write the last chunk. The file stays open."""
        self._seal(bytes(self._waiting), _LAST)
        self._waiting.clear()

    def _seal(self, chunk: bytes, flag: bytes) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, flag), chunk, None))
        self._number += 1


class SealedReader:
    """Reads the stream from where the file stands; every octet that it answers was proved."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._number = 0
        self._open = bytearray()
        self._next = file.read(CHUNK + _TAG)
        self._ended = False

    def read(self, size: int) -> bytes:
        """Exactly `size` octets, or fewer at the end of the stream.

        Raises:
            ArchiveDamaged: the next chunk is not the one that was written here.
        """
        while len(self._open) < size and not self._ended:
            self._open += self._chunk()
        taken = bytes(self._open[:size])
        del self._open[:size]
        return taken

    def _chunk(self) -> bytes:
        sealed, self._next = self._next, self._file.read(CHUNK + _TAG)
        flag = _MORE if self._next else _LAST
        opened = self._try(sealed, flag)
        if opened is None:
            raise ArchiveDamaged(self._fault(sealed, flag))
        self._number += 1
        self._ended = flag is _LAST
        return opened

    def _fault(self, sealed: bytes, flag: bytes) -> str:
        if flag is _LAST and (len(sealed) < _TAG or self._try(sealed, _MORE) is not None):
            return f"it ends too early, behind chunk {self._number}"
        if flag is _MORE and self._try(sealed, _LAST) is not None:
            return f"something was put behind its end, at chunk {self._number}"
        return f"chunk {self._number} was changed, moved or cut"

    def _try(self, sealed: bytes, flag: bytes) -> bytes | None:
        if len(sealed) < _TAG:
            return None
        try:
            return self._cipher.decrypt(_nonce(self._number, flag), sealed, None)
        except InvalidTag:
            return None


def _nonce(number: int, flag: bytes) -> bytes:
    return number.to_bytes(11, "big") + flag
