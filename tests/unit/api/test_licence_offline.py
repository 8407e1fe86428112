"""`yizheng licence verify-offline`: files at hand, no network, an exit status that a gate can act on."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import segno
from typer.testing import CliRunner

from api.cli import licence_offline
from api.cli.commands import app
from certstore.end import EndCommand
from certstore.lifecycle import Event
from core.db.database import Database
from tests.support.certstore_world import LIN, LIN_NAME, POLICE_SYSTEM, World, world
from tests.support.clock import FakeClock

ISSUER = "https://yizheng.example.gov.cn"


@pytest.fixture
async def city(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(sqlite_database, clock, tmp_path) as made:
        yield made


async def files(city: World, folder: Path) -> tuple[str, str, list[str]]:
    """A licence, its signed face, and the options with what was fetched while there was a network."""
    permit = await city.issue_permit()
    token = (await city.presentation.signed_face(permit.id, LIN)).token
    (folder / "keys.json").write_text(json.dumps(city.presentation.declarations.jwks()))
    (folder / "list.jwt").write_text(await city.presentation.status_lists.token(1))
    return permit.id, token, ["--keys", str(folder / "keys.json"), "--issuer", ISSUER]


async def asked(*words: str, typed: str | None = None) -> tuple[int, dict[str, str]]:
    """In a thread: the command has a loop of its own."""
    done = await asyncio.to_thread(
        CliRunner().invoke, app, ["licence", "verify-offline", *words, "--json"], input=typed
    )
    return done.exit_code, json.loads(done.stdout)[0] if done.stdout.startswith("[") else {}


async def test_a_gate_without_network(city: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(licence_offline, "SystemClock", lambda: city.clock)
    permit, token, options = await files(city, tmp_path)
    code, said = await asked(token, *options)
    assert (code, said["answer"], said["name"], said["state"]) == (0, "good", LIN_NAME, "not asked")
    assert (await asked("-", *options, typed=token))[0] == 0
    assert (await asked(token, *options, "--status", str(tmp_path / "list.jwt")))[1]["state"] == "valid"
    picture = io.BytesIO()
    segno.make(token, error="m").save(picture, kind="png", scale=4, border=4)
    (tmp_path / "photo.png").write_bytes(picture.getvalue())
    assert (await asked(*options, "--picture", str(tmp_path / "photo.png")))[0] == 0
    assert (await asked(token[:-4] + "AAAA", *options))[:1] == (1,)
    assert (await asked(token, "--keys", options[1], "--issuer", "https://elsewhere.example"))[1]["answer"] == "forged"
    await city.services.end(EndCommand(permit, Event.REVOKE, "理由"), POLICE_SYSTEM)
    city.clock.advance(40)
    (tmp_path / "list.jwt").write_text(await city.presentation.status_lists.token(1))
    code, said = await asked(token, *options, "--status", str(tmp_path / "list.jwt"))
    assert (code, said["answer"], said["state"]) == (1, "good", "invalid")  # genuine, but no longer to be relied on
    city.clock.advance(3600)
    code, said = await asked(token, *options, "--status", str(tmp_path / "list.jwt"))
    assert (code, said["answer"], said["state"]) == (1, "expired", "not known")


async def test_files_that_are_none_are_told_and_nothing_passes(city: World, tmp_path: Path) -> None:
    _, token, options = await files(city, tmp_path)
    (tmp_path / "forged.jwt").write_text(token)
    for words in (
        [token, "--keys", str(tmp_path / "absent.json"), "--issuer", ISSUER],
        [token, *options, "--status", str(tmp_path / "absent.jwt")],
        [token, *options, "--status", str(tmp_path / "forged.jwt")],
    ):
        assert (await asked(*words))[0] != 0
