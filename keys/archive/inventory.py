"""What a backup says about the keys in it: which master key opens them, what is sealed under them, what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceKeyNote:
    """A key that cannot leave its device; `uri` says where it is (RFC 7512) and holds no PIN."""

    key_id: str
    purpose: str
    uri: str


@dataclass(frozen=True, slots=True)
class KeyInventory:
    """The key store at one moment.

    Attributes:
        version: of its tables.
        check: of the master key (`KeyWrap.check`).
        secrets: ids of the symmetric keys that are accepted and that stored values are under.
        device_keys: keys of which a backup carries the name only.
    """

    version: int
    check: bytes
    secrets: Sequence[str]
    device_keys: Sequence[DeviceKeyNote]
