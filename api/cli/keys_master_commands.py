"""The work of `yizheng keys master …`. Nothing here ever prints a master key."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from api.cli.prepare import check_current, with_database
from api.settings import Settings
from api.startup import StartupFault
from api.wiring.keys import open_key_store_of
from api.wiring.master_key import master_key_source, token_wrapping
from core.audit.event import AuditEvent
from core.clock import SystemClock
from core.principal import SYSTEM
from keys.key_wrap import KeyWrap
from keys.master_key import (
    format_master_key,
    master_key_text,
    wrapped_master_key,
    wrapping_uri,
    write_private_file,
)
from keys.master_key_change import reseal, take_place, write_next
from keys.ports import KeyStore

_SIZE = 32


@contextlib.asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[KeyStore]:
    store = open_key_store_of(settings.keys)
    try:
        yield store
    finally:
        await store.close()


async def show(settings: Settings) -> list[str]:
    """Lines about the source, never about the key.

    Raises:
        core.errors.AppError: there is no master key, or it cannot be opened.
    """
    uri = wrapping_uri(master_key_text(settings.keys))
    place = "a secret of the environment" if settings.master_key else f"the file {settings.master_key_path}"
    lines = [f"comes from   {place}", f"locked by    {uri or 'nothing: keep it where only the service can read it'}"]
    key = master_key_source(settings.keys, SystemClock()).load()
    async with _store(settings) as store:
        check = await store.check()
    fits = {None: "there is no key store yet", KeyWrap(key).check: "yes"}.get(check, "NO: it belongs to another one")
    return [*lines, f"opens        {fits}"]


async def init(settings: Settings, *, pkcs11: bool) -> list[str]:
    """Make a master key where there is none.

    Raises:
        StartupFault: there is one, or a key store.
        core.errors.AppError: the token cannot be used.
    """
    file = _file(settings)
    async with _store(settings) as store:
        if await store.check() is not None:
            raise StartupFault("there is a key store already: `yizheng keys master rotate` changes its master key")
    key = secrets.token_bytes(_SIZE)
    if not write_private_file(file, _locked(settings, key) if pkcs11 else format_master_key(key)):
        raise StartupFault(f"{file} is there already, and is left as it is")
    return [f"{file}: written, {'locked by the token' if pkcs11 else 'in plain'}; {_BACKUP}"]


async def rewrap(settings: Settings, *, pkcs11: bool) -> list[str]:
    """The same master key in another form.

    Raises:
        StartupFault: it does not come from a file.
        core.errors.AppError: it does not open the key store, or the token cannot be used.
    """
    file, clock = _file(settings), SystemClock()
    async with _audited(settings, "key.rewrap-master"), _store(settings) as store:
        check = await store.check()
        source = master_key_source(settings.keys, clock)
        key = source.load() if check is None else source.fitting(check)
        write_next(file, _locked(settings, key) if pkcs11 else format_master_key(key))
        take_place(file, clock.now())
    how = "locked by a new key on the token" if pkcs11 else "in plain"
    return [f"{file}: {how}; the form before is beside it: destroy it when nobody needs it"]


async def rotate(settings: Settings, *, to: Path | None) -> list[str]:
    """Another master key for the key store.

    Raises:
        StartupFault: the key comes from a secret and no file is named, or that file is there.
        core.errors.AppError: the master key does not open the key store; nothing has changed.
    """
    clock = SystemClock()
    file = None if settings.master_key is not None else _file(settings)
    if (file is None) != (to is not None):
        raise StartupFault(
            "the master key is a secret of the environment: name a file for the new one with --to FILE"
            if file is None
            else "the master key is in a file, where the new one goes too: leave --to out"
        )
    async with _audited(settings, "key.rotate-master"), _store(settings) as store:
        source = master_key_source(settings.keys, clock)
        check = await store.check()
        if check is None:
            raise StartupFault("there is no key store yet: `yizheng migrate` makes it")
        former = source.fitting(check)
        new = secrets.token_bytes(_SIZE)
        locked = wrapping_uri(master_key_text(settings.keys)) is not None
        text = _locked(settings, new) if locked else format_master_key(new)
        if file is not None:
            write_next(file, text)
        elif to is not None and not write_private_file(to, text):
            raise StartupFault(f"{to} is there already, and is left as it is")
        count = await reseal(store, former, new, clock)
        if file is not None:
            take_place(file, clock.now())
    where = f"{to}: make it the secret YIZHENG_MASTER_KEY now, and restart every worker" if to else f"{file}"
    seconds = settings.keys.stale_seconds
    return [
        f"{count} private parts are sealed under another master key, which is in {where}",
        f"a worker that cannot read it there stops within {seconds:g} s; "
        "backups from before need the former one, which was kept",
        _BACKUP,
    ]


_BACKUP = "keep a copy where a fire here does not reach: without it nobody opens the key store"


@contextlib.asynccontextmanager
async def _audited(settings: Settings, action: str) -> AsyncIterator[None]:
    await check_current(settings)
    await with_database(settings, lambda db: db.record(AuditEvent(action, "attempted", SYSTEM)))
    yield
    await with_database(settings, lambda db: db.record(AuditEvent(action, "done", SYSTEM)))


def _file(settings: Settings) -> Path:
    if settings.master_key is not None:
        raise StartupFault("the master key is a secret of the environment, which is not ours to write")
    return settings.master_key_path


def _locked(settings: Settings, key: bytes) -> str:
    wrapping = token_wrapping(settings.keys)
    if wrapping is None:
        raise StartupFault("no token is configured: set YIZHENG_PKCS11_MODULE, _TOKEN and _PIN_FILE")
    return wrapped_master_key(key, wrapping.make_key(), wrapping)
