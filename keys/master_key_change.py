"""Another master key for a key store that is in use: all private parts are sealed anew in one transaction.

1. The new master key is written beside the old one, to `FILE.next`.
2. The store is put under it: either the old key opens all of it, or the new one.
3. `FILE.next` takes the place of `FILE`; the old one stays as `FILE.before-<time>`, for backups from before.

Whoever finds the store under the key in `FILE.next`, after a crash between 2 and 3, finishes the third step.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from pathlib import Path

from core.clock import Clock
from keys.errors import MasterKeyMissing, MasterKeyWrong
from keys.key_wrap import KeyWrap
from keys.master_key import (
    load_master_key,
    open_master_key,
    read_private_file,
    settle_folder,
    write_private_file,
)
from keys.ports import KeyRecord, KeyStore, MasterKeyWrapping
from keys.settings import KeysSettings


class MasterKeySource:
    """Where this deployment's master key comes from.

    Args:
        wrapping: the device that may have locked it.
    """

    def __init__(self, settings: KeysSettings, wrapping: MasterKeyWrapping | None, clock: Clock) -> None:
        self._settings = settings
        self._wrapping = wrapping
        self._clock = clock

    def load(self) -> bytes:
        """Raises as `keys.master_key.load_master_key`."""
        return load_master_key(self._settings, self._wrapping)

    def fitting(self, check: bytes) -> bytes:
        """The master key with this check value: the one at hand, or the one that was about to take its place.

        Raises:
            MasterKeyWrong: neither.
        """
        key = self.load()
        if KeyWrap(key).check == check:
            return key
        file = self._settings.master_key_file
        if self._settings.master_key is None and file is not None:
            with contextlib.suppress(MasterKeyMissing):
                following = open_master_key(read_private_file(next_of(file)), self._wrapping)
                if KeyWrap(following).check == check:
                    take_place(file, self._clock.now())
                    return following
        raise MasterKeyWrong


def next_of(file: Path) -> Path:
    """Where a master key waits that is about to take the place of the one in `file`."""
    return file.with_name(f"{file.name}.next")


def write_next(file: Path, text: str) -> None:
    """Write the key that is about to take the place; one that waits there from an attempt before is replaced. Call it
    only when the store is known to be under the key in `file`.
    """
    next_of(file).unlink(missing_ok=True)
    write_private_file(next_of(file), text)


def take_place(file: Path, moment: dt.datetime) -> None:
    """The key that waits takes the place of the one in `file`, which stays under another name. Any number of workers
    may do so at the same time.
    """
    with contextlib.suppress(FileExistsError, FileNotFoundError):
        os.link(file, file.with_name(f"{file.name}.before-{moment:%Y%m%dT%H%M%S.%fZ}"))
    with contextlib.suppress(FileNotFoundError):  # another worker was faster
        next_of(file).replace(file)
    settle_folder(file.parent)


async def reseal(store: KeyStore, former: bytes, new: bytes, clock: Clock) -> int:
    """Put the store under another master key; answers how many private parts were sealed anew.

    Raises:
        MasterKeyWrong: the store is not under the former key.
        KeyStoreDamaged: a private part does not open; nothing has changed.
    """
    before, after = KeyWrap(former), KeyWrap(new)

    def sealed(record: KeyRecord) -> bytes:
        place = {"key_id": record.key_id, "purpose": record.purpose, "algorithm": record.algorithm, "uri": record.uri}
        return after.seal(before.open(record.sealed or b"", **place), **place)

    return await store.reseal(before=before.check, after=after.check, sealed=sealed, moment=clock.now())
