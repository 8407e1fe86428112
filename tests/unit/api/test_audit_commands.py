"""`yizheng audit …`: signed, proved, checked without a database, verified, and what a broken log says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from api.cli.commands import app
from api.cli.prepare import with_database
from api.settings import Settings
from core.audit.tables import audit_event
from core.db.database import Database

pytestmark = pytest.mark.slow


def run(*words: str, good: bool = True) -> str:
    done = CliRunner().invoke(app, ["audit", *words])
    assert (done.exit_code == 0) is good, done.output
    return done.output


def test_the_whole_way_from_a_checkpoint_to_a_broken_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIZHENG_AUDIT_FOLDER", str(tmp_path / "outside"))
    data, note, proof = f"--data={tmp_path / 'data'}", tmp_path / "note.txt", tmp_path / "proof.json"
    (tmp_path / "data").mkdir(mode=0o700)
    assert CliRunner(env={"YIZHENG_DATA": str(tmp_path / "data")}).invoke(app, ["migrate", "--demo"]).exit_code == 0
    run("checkpoint", data, f"--out={note}")
    assert [one.read_text() for one in (tmp_path / "outside").iterdir()] == [note.read_text()]
    key = run("key", data).strip()
    run("prove", "2", data, f"--out={proof}")
    assert "proved: row 2 is in the log" in run("check", str(proof), f"--key={key}")
    size = note.read_text().split("\n")[1]
    run("checkpoint", data)
    growth = tmp_path / "growth.json"
    newest = sorted((tmp_path / "outside").iterdir())[-1].read_text().split("\n")[1]
    run("prove", newest, f"--from={size}", data, f"--out={growth}")
    assert f"the first {size} rows are in the log of {newest} rows" in run("check", str(growth), f"--key={key}")
    said = run("verify", data, f"--signed={tmp_path / 'outside'}")
    assert "audit chain whole" in said
    assert "2 signed checkpoints, 2 of them kept elsewhere" in said
    head = next(one for one in said.split() if ":" in one and one[0].isdigit())
    assert "audit tree whole" in run("verify", data, f"--key={key}", f"--checkpoint={head}")
    changed = json.loads(proof.read_text())
    changed["event"]["content"]["actor_id"] = "somebody"
    proof.write_text(json.dumps(changed))
    assert "does not hold" in run("check", str(proof), f"--key={key}", good=False)
    assert "name the log's key" in run("check", str(proof), good=False)
    _tamper(tmp_path / "data")
    assert "broken at row 3 (changed; its content was changed)" in run("verify", data, good=False)


def _tamper(folder: Path) -> None:
    import asyncio

    async def work(database: Database) -> None:
        async with database.write() as tx:
            await tx.connection.execute(update(audit_event).where(audit_event.c.number == 3).values(actor_id="x"))
            await tx.commit()

    asyncio.run(with_database(Settings(data=folder), work))
