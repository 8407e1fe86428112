"""`yizheng ca …`: each change is an audit event of the service itself."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from api.cli.prepare import check_current, with_database
from api.settings import Settings
from api.wiring.keys import build_keys
from api.wiring.pki import PkiServices, build_pki
from core.audit.event import AuditEvent
from core.clock import SystemClock
from core.principal import SYSTEM
from keys.spec import SignatureAlgorithm
from keys.x509.files import certificates_in

Result = TypeVar("Result")


async def with_pki(settings: Settings, work: Callable[[PkiServices], Awaitable[Result]]) -> Result:
    """Open the key store and the certificate authority for `work` alone."""
    await check_current(settings)
    clock = SystemClock()
    keys = await build_keys(settings.keys, clock)
    try:
        return await work(await build_pki(keys, clock, settings.pki))
    finally:
        await keys.close()


async def audited(
    settings: Settings, action: str, subject: str, work: Callable[[PkiServices], Awaitable[Result]]
) -> Result:
    """The register is a database of its own, so the event says `attempted` before and `done` after the change."""
    await check_current(settings)
    await with_database(settings, lambda db: db.record(AuditEvent(action, "attempted", SYSTEM, subject)))
    result = await with_pki(settings, work)
    await with_database(settings, lambda db: db.record(AuditEvent(action, "done", SYSTEM, subject)))
    return result


async def list_authorities(settings: Settings) -> list[str]:
    """A line for each key of each authority, and one for each that is missing."""

    async def work(pki: PkiServices) -> list[str]:
        lines = [
            f"{one.slug:14} {one.record.not_after:%Y-%m-%d}  {one.record.subject}  sha256:{one.record.sha256}"
            for one in pki.authorities.all()
        ]
        return lines + [f"{name:14} missing: yizheng ca request {name}" for name in pki.authorities.missing()]

    return await with_pki(settings, work)


async def request_authority(
    settings: Settings,
    name: str,
    target: Path,
    new_key: bool,
    algorithm: SignatureAlgorithm,
    *,
    bits: int | None,
    backend: str | None,
) -> str:
    """Write the request to `target`; what to compare when it is certified.

    Raises:
        core.errors.AppError: no authority of this name, or the key cannot be made.
    """

    async def work(pki: PkiServices) -> str:
        made = await pki.install.request_authority(
            name, new_key=new_key, algorithm=algorithm, bits=bits, backend=backend
        )
        await asyncio.to_thread(target.write_bytes, made.der)
        return f"{target}: sha256 {hashlib.sha256(made.der).hexdigest()}, key {made.key_id}"

    return await audited(settings, "authority.request", f"ca.{name}", work)


async def install_authority(settings: Settings, name: str, certificate: Path, issuers: Sequence[Path]) -> str:
    """
    Raises:
        core.errors.AppError: the certificate is not for our key, or its path does not hold.
    """
    files = [await asyncio.to_thread(file.read_bytes) for file in (certificate, *issuers)]
    path = [der for content in files for der in certificates_in(content)]

    async def work(pki: PkiServices) -> str:
        record = await pki.install.install_authority(name, path[0], path[1:])
        return f"{name}: {record.subject} issues until {record.not_after:%Y-%m-%d}"

    return await audited(settings, "authority.install", f"ca.{name}", work)
