"""Node programs of `tests/node`, with the packages that its lock file names."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.support.servers import BackendMissing

FOLDER = Path(__file__).parents[1] / "node"


Meanwhile = Callable[[dict[str, Any]], Awaitable[None]]


async def run_node(script: str, given: dict[str, Any], meanwhile: Meanwhile | None = None) -> dict[str, Any]:
    """Run a script with one JSON argument; answers the JSON that it prints.

    Args:
        meanwhile: what the person does elsewhere, once the script says in JSON on its error stream what is to be done.

    Raises:
        BackendMissing: Node is not installed, or its packages cannot be.
    """
    node = await node_program()
    process = await asyncio.create_subprocess_exec(
        node,
        str(FOLDER / script),
        json.dumps(given),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said = b""
    async with asyncio.timeout(60):
        if meanwhile is not None:
            assert process.stderr is not None
            said = await process.stderr.readline()
            if said.startswith(b"{"):
                await meanwhile(json.loads(said))
        output, errors = await process.communicate()
    assert process.returncode == 0, (said + errors).decode(errors="replace")[-3000:]
    return dict(json.loads(output))


async def node_program() -> str:
    """Node.js, with the packages of the folder installed.

    Raises:
        BackendMissing: Node is not installed, or its packages cannot be.
    """
    node = _program("node")
    await _packages()
    return node


def _program(name: str) -> str:
    """The environment's own Node.js comes first: Debian's is too old for today's clients."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise BackendMissing(f"{name} is missing: make the environment again with bin/test")
    return found


async def _packages() -> None:
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    if all((FOLDER / "node_modules" / name).is_dir() for name in wanted):
        return
    npm = _program("npm")
    process = await asyncio.create_subprocess_exec(
        npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=FOLDER, stdout=asyncio.subprocess.DEVNULL
    )
    if await process.wait():
        raise BackendMissing("npm ci failed in tests/node: is the package registry reachable?")
