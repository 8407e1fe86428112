"""A worker that takes registers over, to be killed: `python -m tests.support.register_worker DATABASE FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from core.db.database import Database
from core.db.engine import create_engine
from tests.support.certstore_world import composed
from tests.support.clock import FakeClock


async def main(address: str, folder: Path) -> None:
    """Says each part that was committed on a line of its own."""
    clock = FakeClock()
    database = Database(create_engine(address), clock)
    async with composed(database, clock, folder) as city:
        while await city.bulk.run.step():
            print("part", flush=True)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
