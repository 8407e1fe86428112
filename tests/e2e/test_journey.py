"""The journey that must always run, in both columns of the design."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console

from api.journey.run import run_journey
from tests.support import databases
from tests.support.servers import PostgresServer, RedisServer, S3Server, SoftHsmToken

pytestmark = pytest.mark.slow


def s3_client(server: S3Server) -> Any:
    """A client of the look-alike store, to make buckets with."""
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name=server.region,
    )


def _told(path: Path) -> tuple[Console, Path]:
    return Console(file=path.open("w"), width=160, no_color=True), path


async def test_the_journey_holds_on_the_embedded_column(tmp_path: Path) -> None:
    console, story = _told(tmp_path / "story.txt")
    code = await asyncio.to_thread(run_journey, console)
    assert code == 0, story.read_text()
    assert "The journey holds: 7 steps" in story.read_text()


async def test_the_journey_holds_on_the_cluster_column(
    tmp_path: Path,
    postgres_server: PostgresServer,
    redis_server: RedisServer,
    s3_server: S3Server,
    softhsm: SoftHsmToken,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PostgreSQL, Redis, S3, keys in a PKCS#11 token, two workers."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    bucket = f"journey-{tmp_path.name.replace('_', '-').lower()}"[:60].rstrip("-")
    s3_client(s3_server).create_bucket(Bucket=bucket)
    pin = tmp_path / "pin"
    pin.write_text(softhsm.pin)
    pin.chmod(0o600)
    console, story = _told(tmp_path / "story.txt")
    async with databases.postgres_url(postgres_server) as domain, databases.postgres_url(postgres_server) as keys:
        settings = {
            "database_url": domain,
            "keys_url": keys,
            "kv_url": redis_server.url,
            "blobs_url": f"s3://{bucket}",
            "s3_endpoint": s3_server.endpoint,
            "key_backend": "pkcs11",
            "pkcs11_module": softhsm.module,
            "pkcs11_token": softhsm.label,
            "pkcs11_pin_file": str(pin),
            "workers": "2",
        }
        code = await asyncio.to_thread(run_journey, console, settings)
    assert code == 0, story.read_text()
