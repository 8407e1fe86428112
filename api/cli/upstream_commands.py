"""`yizheng upstream …`: upstream identity providers, from JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from api.cli.prepare import check_current
from api.cli.tables import Row, lines_of
from api.routes.idp.upstream_shapes import ProviderIn, provider_out
from api.settings import Settings
from api.wiring.container import Container, build_container
from core.principal import SYSTEM
from idp.upstream.model import Provider, ProviderStatus


class ProviderFile(ProviderIn):
    """A provider as an administrator writes it into a file: the API's shape, and its id."""

    id: Annotated[str, Field(max_length=40)]


def read_provider(file: Path) -> ProviderFile:
    """
    Raises:
        ValueError: the JSON is not as required.
    """
    content: Any = json.loads(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    return ProviderFile.model_validate(content)


async def put_provider(settings: Settings, described: ProviderFile) -> list[str]:
    """Register or replace; answers what its operator must be told.

    Raises:
        core.errors.AppError: the description was refused.
    """

    async def work(container: Container) -> list[str]:
        made, new = await container.idp.upstream.providers.put(described.described(described.id), SYSTEM)
        return [f"{'registered' if new else 'replaced'} {made.id}", *_told(container, made)]

    return await _with(settings, work)


async def list_providers(settings: Settings, *, as_json: bool) -> list[str]:
    """One line for each."""

    async def work(container: Container) -> list[str]:
        return lines_of([_row(one) for one in await container.idp.upstream.providers.all()], as_json=as_json)

    return await _with(settings, work)


async def show_provider(settings: Settings, provider_id: str) -> list[str]:
    """All of one provider but its secret."""

    async def work(container: Container) -> list[str]:
        return _told(container, await container.idp.upstream.providers.get(provider_id))

    return await _with(settings, work)


async def change_status(settings: Settings, provider_id: str, status: ProviderStatus) -> list[str]:
    """Take a provider out of use, or into it again."""

    async def work(container: Container) -> list[str]:
        changed = await container.idp.upstream.providers.change_status(provider_id, status, SYSTEM)
        return [f"{changed.id} is {changed.status.value}"]

    return await _with(settings, work)


async def check_provider(settings: Settings, provider_id: str) -> tuple[list[str], bool]:
    """Try the connection; the steps, and whether all of them hold."""
    good = True

    async def work(container: Container) -> list[str]:
        nonlocal good
        upstream = container.idp.upstream
        findings = await upstream.check(await upstream.providers.get(provider_id))
        good = all(one.good for one in findings)
        return [
            f"{'ok  ' if one.good else 'BAD '} {one.step}: {one.what.en}" + (f" ({one.private})" if one.private else "")
            for one in findings
        ]

    lines = await _with(settings, work)
    return lines, good


async def our_keys(settings: Settings) -> list[str]:
    """Our public keys for client assertions; made at the first call."""

    async def work(container: Container) -> list[str]:
        await container.idp.upstream.credentials.prepare()
        return [json.dumps(dict(container.idp.upstream.credentials.jwks()))]

    return await _with(settings, work)


async def _with(settings: Settings, work: Callable[[Container], Awaitable[list[str]]]) -> list[str]:
    await check_current(settings)
    container = await build_container(settings)
    try:
        return await work(container)
    finally:
        await container.close()


def _told(container: Container, one: Provider) -> list[str]:
    return [json.dumps(provider_out(one, container.idp.settings), indent=2, ensure_ascii=False, default=str)]


def _row(one: Provider) -> Row:
    return {
        "id": one.id,
        "name": one.name.zh,
        "issuer": one.issuer,
        "trust": one.trust.value,
        "status": one.status.value,
        "revision": one.revision,
    }
