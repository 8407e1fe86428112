"""Node programs of `tests/node`, with the packages that its lock file names."""

from __future__ import annotations

import asyncio
import fcntl
import json
import shutil
import subprocess
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
    await asyncio.to_thread(install_packages)
    return node


def install_packages() -> Path:
    """The folder of the packages, which are installed when the first test asks for one.

    Raises:
        BackendMissing: npm is not installed, or the packages cannot be.
    """
    modules = FOLDER / "node_modules"
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    with (FOLDER / "package.json").open() as lock:  # two workers of one run may come at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all((modules / name).is_dir() for name in wanted):
            npm = [_program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            if subprocess.run(npm, cwd=FOLDER, stdout=subprocess.DEVNULL).returncode:
                raise BackendMissing("npm ci failed in tests/node: is the package registry reachable?")
    return modules


def _program(name: str) -> str:
    """The environment's own Node.js comes first: Debian's is too old for today's clients."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise BackendMissing(f"{name} is missing: make the environment again with bin/test")
    return found
