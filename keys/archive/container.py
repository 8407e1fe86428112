"""The archive file: a header in the clear, its MAC, and the sealed stream.

::

    magic line | length of the header (4 octets) | header (JSON) | HMAC-SHA-256 of all that | sealed stream

The header says what the archive is and what opens it. All keys come from one random content key (HKDF, RFC 5869);
the stream's key also from the header, so that no other header opens it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.archive.errors import ArchiveDamaged, ArchiveForeign
from keys.archive.locks import Description, Lock, Openers, unwrap, wrap
from keys.archive.stream import SealedReader, SealedWriter

_MAGIC = b"yizheng archive\n"
_VERSION = 1
_MOST_HEADER = 64 * 1024
_MAC = 32


@dataclass(frozen=True, slots=True)
class Header:
    """What an archive says about itself without a key.

    Attributes:
        about: what its maker wrote; proved only once the archive is open.
        locks: what opens it.
    """

    about: Mapping[str, Any]
    locks: Sequence[Description]


def create_archive(file: BinaryIO, about: Mapping[str, Any], locks: Sequence[Lock]) -> SealedWriter:
    """Begin an archive that any of `locks` opens; `about` stands in it in the clear."""
    if not locks:
        raise ValueError("an archive without a lock could never be opened")
    content_key = secrets.token_bytes(32)
    header = {"version": _VERSION, "about": dict(about), "locks": [dict(wrap(lock, content_key)) for lock in locks]}
    head = _framed(json.dumps(header, ensure_ascii=False, sort_keys=True).encode())
    file.write(head + _mac(content_key, head))
    return SealedWriter(file, _stream_key(content_key, head))


def read_header(file: BinaryIO) -> Header:
    """What the archive is and what opens it; nothing of it is proved yet.

    Raises:
        ArchiveForeign: no archive, or one of a newer version.
        ArchiveDamaged: the header cannot be read.
    """
    return _parsed(_head(file))


def open_archive(file: BinaryIO, openers: Openers) -> tuple[Header, SealedReader]:
    """Open an archive and prove its header; the stream proves itself as it is read.

    Raises:
        ArchiveForeign, ArchiveDamaged: as `read_header`.
        ArchiveLocked, ShareRefused: it does not open with what was given.
    """
    head = _head(file)
    header = _parsed(head)
    content_key = unwrap(header.locks, openers)
    if not hmac.compare_digest(_mac(content_key, head), file.read(_MAC)):
        raise ArchiveDamaged("it was changed", "the header")
    return header, SealedReader(file, _stream_key(content_key, head))


def _head(file: BinaryIO) -> bytes:
    magic = file.read(len(_MAGIC))
    if magic != _MAGIC:
        raise ArchiveForeign("it does not begin as an archive of Yizheng does")
    length = file.read(4)
    size = int.from_bytes(length, "big")
    if len(length) != 4 or not 0 < size <= _MOST_HEADER:
        raise ArchiveDamaged("its length is not possible", "the header")
    body = file.read(size)
    if len(body) != size:
        raise ArchiveDamaged("it is cut off", "the header")
    return magic + length + body


def _parsed(head: bytes) -> Header:
    try:
        read = json.loads(head[len(_MAGIC) + 4 :])
        version, about, locks = read["version"], read["about"], read["locks"]
        whole = isinstance(about, dict) and isinstance(locks, list) and all(isinstance(lock, dict) for lock in locks)
    except (ValueError, KeyError, TypeError):
        whole, version, about, locks = False, None, {}, []
    if isinstance(version, int) and version > _VERSION:
        raise ArchiveForeign(f"it has format {version} and this version knows {_VERSION}: take a newer version")
    if not whole or version != _VERSION:
        raise ArchiveDamaged("it cannot be read", "the header")
    return Header(about, locks)


def _framed(body: bytes) -> bytes:
    if len(body) > _MOST_HEADER:
        raise ValueError("the header is too long")
    return _MAGIC + len(body).to_bytes(4, "big") + body


def _mac(content_key: bytes, head: bytes) -> bytes:
    return hmac.digest(_expanded(content_key, b"header", None), head, "sha256")


def _stream_key(content_key: bytes, head: bytes) -> bytes:
    return _expanded(content_key, b"stream", hashlib.sha256(head).digest())


def _expanded(content_key: bytes, use: bytes, salt: bytes | None) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"yizheng archive v1 " + use).derive(content_key)
