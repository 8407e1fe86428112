"""Each backend that tests rely on starts and answers."""

import os
import subprocess

import redis.asyncio
from sqlalchemy import select

from core.audit.event import AuditEvent
from core.audit.tables import audit_event
from core.db.database import Database
from core.principal import SYSTEM
from tests.support.servers import RedisServer, S3Server, SoftHsmToken


async def test_a_database_has_its_tables_and_keeps_a_row(database: Database) -> None:
    await database.record(AuditEvent("test.try", "done", SYSTEM))
    async with database.read() as tx:
        assert (await tx.connection.execute(select(audit_event.c.action))).scalars().all() == ["test.try"]


async def test_redis_answers(redis_server: RedisServer) -> None:
    client = redis.asyncio.Redis.from_url(redis_server.url)
    assert await client.ping()
    await client.aclose()


def test_s3_is_on_loopback(s3_server: S3Server) -> None:
    assert s3_server.endpoint.startswith("http://127.0.0.1:")


def test_softhsm_has_one_initialised_token(softhsm: SoftHsmToken) -> None:
    assert os.environ["SOFTHSM2_CONF"] == str(softhsm.config)
    shown = subprocess.run(["softhsm2-util", "--show-slots"], capture_output=True, text=True, check=True).stdout
    assert shown.count(softhsm.label) == 1


def test_chromium_runs(chromium: str) -> None:
    version = subprocess.run([chromium, "--version"], capture_output=True, text=True, check=True).stdout
    assert "Chrom" in version
