"""Runs the other provider of `tests/node/provider.mjs` for as long as a block takes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from tests.support.node import FOLDER, node_program
from tests.support.servers import free_port


@contextlib.asynccontextmanager
async def peer_provider(given: dict[str, Any]) -> AsyncIterator[str]:
    """Its issuer, once it listens.

    Raises:
        tests.support.servers.BackendMissing: Node is not installed, or its packages cannot be.
    """
    program = await node_program()
    process = await asyncio.create_subprocess_exec(
        program,
        str(FOLDER / "provider.mjs"),
        json.dumps({"port": free_port(), **given}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            line = await process.stdout.readline()
        if not line:
            raise AssertionError((await process.stderr.read()).decode(errors="replace")[-2000:])
        yield str(json.loads(line)["issuer"])
    finally:
        await process.communicate(b"")  # closes its input, at which it ends
