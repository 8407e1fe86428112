"""The work of `yizheng catalogue …`, for the operator at the machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import orjson

from api.cli.composed import composed
from api.cli.tables import Row, lines_of
from api.settings import Settings
from certstore.bundle.model import Difference
from certstore.bundle.opening import BundleFile
from core.principal import SYSTEM


def read_json(file: Path) -> Any:
    """
    Raises:
        ValueError: no JSON.
    """
    return orjson.loads(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())


async def export(settings: Settings, *, grants: bool) -> bytes:
    """The file."""
    async with composed(settings) as container:
        document = await container.bundles.take_out(SYSTEM, grants=grants)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


async def take_in(settings: Settings, file: BundleFile, *, dry: bool, as_json: bool) -> list[str]:
    """A line for each entry that differs, and what was done.

    Raises:
        core.errors.AppError: it was refused; nothing was changed.
    """
    async with composed(settings) as container:
        taken = await container.bundles.take_in(file, SYSTEM, dry=dry)
    rows = [_row(one) for one in taken.differences if one.changing or as_json]
    if as_json:
        return [json.dumps({"done": taken.done, "plan": taken.plan, "differences": rows}, ensure_ascii=False)]
    same = sum(not one.changing for one in taken.differences)
    verb = "taken in" if taken.done else "would be taken in"
    return [*lines_of(rows, as_json=False), f"{len(rows)} {verb}, {same} unchanged"]


def _row(one: Difference) -> Row:
    return {
        "part": one.part.value,
        "code": one.code,
        "name": one.name.zh,
        "action": one.action.value,
        "versions": one.versions,
        "differs": ", ".join(change.member for change in one.changes) if one.action.value != "add" else "",
    }
