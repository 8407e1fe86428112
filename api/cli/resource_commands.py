"""`yizheng resource …`: the register of protected resources, from JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.cli.prepare import check_current
from api.settings import Settings
from api.wiring.container import build_container
from core.principal import SYSTEM
from core.text import Text
from idp.client_metadata import AccessTokenFormat
from idp.resources.model import ProtectedResource, ResourceScope, ResourceStatus
from idp.resources.register import ResourceDescription


class _Scope(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    words_zh: str = Field(min_length=1)
    words_en: str = Field(min_length=1)


class ResourceFile(BaseModel):
    """A resource as an administrator writes it."""

    model_config = ConfigDict(extra="forbid")

    identifier: str
    name_zh: str = Field(min_length=1)
    name_en: str = Field(min_length=1)
    scopes: list[_Scope]
    access_token_format: AccessTokenFormat = AccessTokenFormat.JWT
    client_id: str | None = None

    def described(self) -> ResourceDescription:
        return ResourceDescription(
            self.identifier,
            Text(self.name_zh, self.name_en),
            [ResourceScope(scope.name, Text(scope.words_zh, scope.words_en)) for scope in self.scopes],
            self.access_token_format,
            self.client_id,
        )


def read_resources(file: Path) -> list[ResourceFile]:
    """
    Raises:
        ValueError: the JSON is not as required.
        OSError: the file cannot be read.
    """
    content: Any = json.loads(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    return [ResourceFile.model_validate(entry) for entry in (content if isinstance(content, list) else [content])]


async def add(settings: Settings, described: Sequence[ResourceFile]) -> list[str]:
    """Register them; answers a line for each.

    Raises:
        core.errors.AppError: one was refused; those before it are registered.
    """
    await check_current(settings)
    container = await build_container(settings)
    try:
        return [_line(await container.idp.resources.add(one.described(), SYSTEM)) for one in described]
    finally:
        await container.close()


async def listed(settings: Settings) -> list[str]:
    """A line for every resource."""
    await check_current(settings)
    container = await build_container(settings)
    lines, cursor = [], None
    try:
        while True:
            page = await container.idp.resources.page(cursor)
            lines += [_line(one) for one in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return lines
    finally:
        await container.close()


async def change_status(settings: Settings, identifier: str, status: ResourceStatus) -> str:
    """
    Raises:
        core.errors.NotFound: `resource-not-found`.
    """
    await check_current(settings)
    container = await build_container(settings)
    try:
        return _line(await container.idp.resources.change_status(identifier, status, SYSTEM))
    finally:
        await container.close()


def _line(one: ProtectedResource) -> str:
    scopes = " ".join(scope.name for scope in one.scopes)
    return f"{one.status.value:<9}{one.access_token_format.value:<7}{one.identifier}  {scopes}"
