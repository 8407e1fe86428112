"""`/v1/signature-verifications` over HTTP in front of a service whose trust list has the national root of the tests."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI

from api.large_files import LargeFiles
from api.limits import limited_verification
from api.main import _map_errors
from api.routes.signing import verifications
from core.db.database import Database
from core.files.scratch import Scratch
from keys.trust.judge import Judge
from tests.support.clock import FakeClock
from tests.support.eseal_world import root
from tests.support.signing_world import SealOffice
from tests.support.trust_pki import FixedAnchors, entry


def office_of(database: Database, clock: FakeClock, *roots: bytes) -> SealOffice:
    return SealOffice(
        database, clock, judge=Judge(FixedAnchors(*(entry(one) for one in roots or (root(),))), None, clock)
    )


@contextlib.asynccontextmanager
async def open_to_everyone(office: SealOffice, folder: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(verifications.router)
    _map_errors(app)
    app.state.large_files = LargeFiles()
    app.dependency_overrides[limited_verification] = lambda: None  # has tests of its own
    signing = SimpleNamespace(settings=office.settings, verify_file=office.verify_file)
    app.state.container = SimpleNamespace(
        signing=signing, ground=SimpleNamespace(scratch=Scratch(folder), settings=SimpleNamespace())
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


async def told(http: httpx.AsyncClient, content: bytes) -> dict[str, Any]:
    """The report on a file, as anybody gets it."""
    answer = await http.post("/v1/signature-verifications", files={"file": ("a.ofd", content, "application/ofd")})
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report
