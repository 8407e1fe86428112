"""The master key: 256 bits that open the key store. It is given from outside and never stored beside the store.

Text form: `yizheng-master-key-v1:` and 32 bytes in base64url, one line. Where a device locks it,
`yizheng-wrapped-master-key-v1:` and, in base64url with a dot between, the URI of the device's key and what came out
of it; this text is worth nothing without the device.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from pathlib import Path

from keys.errors import MasterKeyMissing, MasterKeyUnsafe
from keys.ports import MasterKeyWrapping
from keys.settings import KeysSettings

_PREFIX = "yizheng-master-key-v1:"
_WRAPPED = "yizheng-wrapped-master-key-v1:"
_SIZE = 32


def generate_master_key() -> str:
    """A new master key in its text form."""
    return format_master_key(secrets.token_bytes(_SIZE))


def format_master_key(key: bytes) -> str:
    """The text form of 32 bytes."""
    return _PREFIX + base64.urlsafe_b64encode(key).decode("ascii")


def write_master_key(path: Path, key: bytes | None = None) -> None:
    """Write a master key, by default a new one, to `path`; an existing file is left alone."""
    write_private_file(path, format_master_key(key) if key else generate_master_key())


def write_private_file(path: Path, text: str) -> bool:
    """Write one line to `path`; False, and no change, if a file is there.

    The file gets mode 0600, its folder, if that is new, 0700. It appears whole or not at all, so that of several
    workers starting at once all read the same key.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
    finally:
        draft.unlink()
    settle_folder(path.parent)
    return True


def settle_folder(folder: Path) -> None:
    """After this the names in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def load_master_key(settings: KeysSettings, wrapping: MasterKeyWrapping | None = None) -> bytes:
    """The master key of this deployment: the secret that was handed in, else the file.

    Args:
        wrapping: the device that opens it, where the text says that one locked it.

    Raises:
        MasterKeyMissing: neither is there, or the device that locked it is not configured.
        MasterKeyUnsafe: the text is malformed or was changed, or the file is open to its group or to others.
        KeyUnavailable: the device does not answer.
    """
    return open_master_key(master_key_text(settings), wrapping)


def master_key_text(settings: KeysSettings) -> str:
    """The text as it was handed in: in plain, or locked by a device.

    Raises:
        MasterKeyMissing, MasterKeyUnsafe: as for `load_master_key`.
    """
    if settings.master_key is not None:
        return settings.master_key.get_secret_value()
    if settings.master_key_file is None:
        raise MasterKeyMissing("set a master key file or hand in the master key as a secret")
    return read_private_file(settings.master_key_file)


def open_master_key(text: str, wrapping: MasterKeyWrapping | None) -> bytes:
    """The 32 bytes of either text form; raises as `load_master_key`."""
    uri = wrapping_uri(text)
    if uri is None:
        return parse_master_key(text)
    if wrapping is None:
        raise MasterKeyMissing(f"the master key is locked by {uri}: configure its token")
    blob = _decoded(text.strip().removeprefix(_WRAPPED).partition(".")[2])
    key = wrapping.unwrap(uri, blob)
    if len(key) != _SIZE:
        raise MasterKeyUnsafe("a master key is 32 random bytes")
    return key


def wrapping_uri(text: str) -> str | None:
    """Which key of a device locks the master key; None for one in plain."""
    text = text.strip()
    if not text.startswith(_WRAPPED):
        return None
    try:
        return _decoded(text.removeprefix(_WRAPPED).partition(".")[0]).decode()
    except UnicodeDecodeError:
        raise MasterKeyUnsafe("the wrapped master key does not name its key") from None


def wrapped_master_key(key: bytes, uri: str, wrapping: MasterKeyWrapping) -> str:
    """The text form of a master key that a device locks."""
    parts = (base64.urlsafe_b64encode(part).decode("ascii") for part in (uri.encode(), wrapping.wrap(uri, key)))
    return _WRAPPED + ".".join(parts)


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise MasterKeyUnsafe("the master key is not base64url") from None


def parse_master_key(text: str) -> bytes:
    """The 32 bytes of the text form.

    Raises:
        MasterKeyUnsafe: for anything else; a weak key is never stretched into a strong-looking one.
    """
    text = text.strip()
    if not text.startswith(_PREFIX):
        raise MasterKeyUnsafe(f"a master key begins with {_PREFIX}")
    key = _decoded(text.removeprefix(_PREFIX))
    if len(key) != _SIZE or len(set(key)) < 8:
        raise MasterKeyUnsafe("a master key is 32 random bytes")
    return key


def read_private_file(path: Path) -> str:
    """
    Raises:
        MasterKeyMissing: there is no file, or it cannot be read.
        MasterKeyUnsafe: its group or others may read it.
    """
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
        return os.read(descriptor, 4096).decode("ascii", errors="replace")
    finally:
        os.close(descriptor)
