"""Node programs of `tests/node`, with the packages that its lock file names."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

from tests.support.servers import BackendMissing

FOLDER = Path(__file__).parents[1] / "node"


async def run_node(script: str, given: dict[str, Any]) -> dict[str, Any]:
    """Run a script with one JSON argument; answers the JSON that it prints.

    Raises:
        BackendMissing: Node is not installed, or its packages cannot be.
    """
    node = shutil.which("node")
    if node is None:
        raise BackendMissing("node is not on PATH (apt-get install nodejs npm)")
    await _packages()
    process = await asyncio.create_subprocess_exec(
        node,
        str(FOLDER / script),
        json.dumps(given),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode(errors="replace")[-2000:]
    return dict(json.loads(output))


async def _packages() -> None:
    if (FOLDER / "node_modules" / "openid-client").is_dir():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise BackendMissing("npm is not on PATH (apt-get install npm)")
    process = await asyncio.create_subprocess_exec(
        npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=FOLDER, stdout=asyncio.subprocess.DEVNULL
    )
    if await process.wait():
        raise BackendMissing("npm ci failed in tests/node: is the package registry reachable?")
