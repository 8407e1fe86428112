"""The master key: 256 bits that open the key store. It is given from outside and never stored beside the store.

Text form: `yizheng-master-key-v1:` and 32 bytes in base64url, one line.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import secrets
import stat
from pathlib import Path

from keys.errors import MasterKeyMissing, MasterKeyUnsafe
from keys.settings import KeysSettings

_PREFIX = "yizheng-master-key-v1:"
_SIZE = 32


def generate_master_key() -> str:
    """A new master key in its text form."""
    return format_master_key(secrets.token_bytes(_SIZE))


def format_master_key(key: bytes) -> str:
    """The text form of 32 bytes."""
    return _PREFIX + base64.urlsafe_b64encode(key).decode("ascii")


def write_master_key(path: Path, key: bytes | None = None) -> None:
    """Write a master key, by default a new one, to `path`; an existing file is left alone.

    The file gets mode 0600, its folder, if that is new, 0700.

    The file appears whole or not at all, so that of several workers starting at once all read the same key.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write((format_master_key(key) if key else generate_master_key()) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def load_master_key(settings: KeysSettings) -> bytes:
    """The master key of this deployment: the secret that was handed in, else the file.

    Raises:
        MasterKeyMissing: neither is there.
        MasterKeyUnsafe: the text is malformed, or the file is open to its group or to others.
    """
    if settings.master_key is not None:
        return parse_master_key(settings.master_key.get_secret_value())
    if settings.master_key_file is None:
        raise MasterKeyMissing("set a master key file or hand in the master key as a secret")
    return parse_master_key(_read_private_file(settings.master_key_file))


def parse_master_key(text: str) -> bytes:
    """The 32 bytes of the text form.

    Raises:
        MasterKeyUnsafe: for anything else; a weak key is never stretched into a strong-looking one.
    """
    text = text.strip()
    if not text.startswith(_PREFIX):
        raise MasterKeyUnsafe(f"a master key begins with {_PREFIX}")
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise MasterKeyUnsafe("the master key is not base64url") from None
    if len(key) != _SIZE or len(set(key)) < 8:
        raise MasterKeyUnsafe("a master key is 32 random bytes")
    return key


def _read_private_file(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise MasterKeyMissing(f"no file {path}") from None
    except OSError as error:
        raise MasterKeyMissing(f"cannot read {path}: {error.strerror}") from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise MasterKeyMissing(f"{path} is not a file")
        if mode & 0o077:
            raise MasterKeyUnsafe(f"{path} has mode {stat.S_IMODE(mode):04o}; make it 0600")
        return os.read(descriptor, 1024).decode("ascii", errors="replace")
    finally:
        os.close(descriptor)
