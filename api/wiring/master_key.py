"""Where the master key comes from: its text, and the token that may have locked it."""

from __future__ import annotations

from core.clock import Clock
from keys.backends.pkcs11_wrapping import TokenWrapping
from keys.master_key import load_master_key
from keys.master_key_change import MasterKeySource
from keys.ports import MasterKeyWrapping
from keys.settings import KeysSettings


def token_wrapping(settings: KeysSettings) -> MasterKeyWrapping | None:
    """The configured token, as what locks the master key; None where no token is configured."""
    return None if settings.pkcs11 is None else TokenWrapping(settings.pkcs11)


def read_master_key(settings: KeysSettings) -> bytes:
    """Raises as `keys.master_key.load_master_key`."""
    return load_master_key(settings, token_wrapping(settings))


def master_key_source(settings: KeysSettings, clock: Clock) -> MasterKeySource:
    return MasterKeySource(settings, token_wrapping(settings), clock)
