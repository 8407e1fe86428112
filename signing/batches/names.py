"""Names of files: what tells those of a batch apart. They name people, so they are stored sealed."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from signing.batches.errors import name_invalid

_LONGEST = 200


def clean_name(written: str) -> str:
    """A caller's name for a file, which may have folders in it, in one form.

    Raises:
        core.errors.InvalidInput: `batch-file-name-invalid`.
    """
    name = unicodedata.normalize("NFC", written).replace("\\", "/").strip()
    parts = name.split("/")
    if not 1 <= len(name) <= _LONGEST or not name.isprintable() or any(part in ("", ".", "..") for part in parts):
        raise name_invalid()
    return name


def name_digest(name_key: bytes, name: str) -> bytes:
    """By which the name is found again within its batch, and nowhere else."""
    return hmac.digest(name_key, name.encode(), hashlib.sha256)
