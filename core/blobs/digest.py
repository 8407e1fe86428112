"""Names of documents: the SHA-256 of their bytes in lower-case hexadecimal (FIPS 180-4)."""

from __future__ import annotations

import hashlib
import re

from core.errors import NotFound, Unavailable
from core.files.scratch import ScratchFile
from core.text import Text

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TRY_LATER = Text(
    "文件存储暂时不可用，请稍后再试。", "The document store does not answer for the moment. Try again shortly."
)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def is_digest(name: str) -> bool:
    """Whether `name` can be a document's name; anything else, a path say, must never reach a store."""
    return _DIGEST.fullmatch(name) is not None


def verified(content: bytes, digest: str) -> bytes:
    """
    Raises:
        Unavailable: `blob-damaged`.
    """
    if digest_of(content) != digest:
        raise _damaged(digest)
    return content


def verified_file(content: ScratchFile, digest: str) -> ScratchFile:
    """
    Raises:
        Unavailable: `blob-damaged`.
    """
    if content.hashed("sha256").hexdigest() != digest:
        raise _damaged(digest)
    return content


def _damaged(digest: str) -> Unavailable:
    return Unavailable(
        "blob-damaged",
        Text(
            "存储的文件已损坏，未予提供，请联系管理员从备份恢复。",
            "The stored document is damaged and is not given out. Ask the administrator to restore it.",
        ),
        private=f"sha256 differs for {digest}",
    )


def blob_not_found(digest: str) -> NotFound:
    known = digest if is_digest(digest) else "not a digest"
    return NotFound("blob-not-found", Text("没有这个文件。", "There is no such document."), private=known)


def blobs_unavailable(error: Exception) -> Unavailable:
    return Unavailable("blobs-unavailable", _TRY_LATER, private=f"{type(error).__name__}: {error}")
