"""`yizheng keys …`: what a command does, says and leaves in the audit log."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.cli import keys_commands
from api.cli.prepare import prepare, with_database
from api.cli.tables import lines_of
from api.settings import Settings
from core.audit.tables import audit_event
from core.db.database import Database
from core.errors import AppError, NotFound

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
async def settings(module_folder: Path) -> Settings:
    made = Settings(data=module_folder)
    if not (module_folder / "yizheng.db").exists():
        await prepare(made)
    return made


async def _keys(settings: Settings, purpose: str) -> dict[str, str]:
    """State → key id."""
    (document,) = await keys_commands.list_keys(settings, as_json=True)
    return {row["state"]: row["key_id"] for row in json.loads(document) if row["purpose"] == purpose}


async def _actions(settings: Settings) -> Counter[tuple[str, str, str | None]]:
    async def look(database: Database) -> Counter[tuple[str, str, str | None]]:
        async with database.read() as tx:
            columns = (audit_event.c.action, audit_event.c.outcome, audit_event.c.subject)
            rows: Any = await tx.connection.execute(select(*columns).where(audit_event.c.action.like("key.%")))
            return Counter((row.action, row.outcome, row.subject) for row in rows)

    return await with_database(settings, look)


async def test_a_leaked_key_is_replaced_and_all_of_it_is_on_record(settings: Settings) -> None:
    leaked = (await _keys(settings, "oidc.es256"))["active"]
    said = await keys_commands.revoke_key(settings, leaked, replace=True)
    assert "no worker uses it after 10 s" in said[0]
    assert "within 120 s" in said[0]
    now = await _keys(settings, "oidc.es256")
    assert list(now) == ["active"]
    assert said[1] == f"{now['active']} has taken over"
    actions = await _actions(settings)
    for event in (
        ("key.revoke", "attempted", leaked),
        ("key.revoke", "done", leaked),
        ("key.revoked", "done", leaked),
        ("key.made", "done", now["active"]),
        ("key.activated", "done", now["active"]),
    ):
        assert actions[event] == 1, event
    with pytest.raises(AppError):
        await keys_commands.revoke_key(settings, leaked, replace=True)
    assert (await _actions(settings))["key.revoke", "done", leaked] == 1  # a refused order is attempted, never done

    assert await keys_commands.destroy_key(settings, leaked) == [f"{leaked}: destroyed"]
    assert "before" in (await keys_commands.destroy_key(settings, leaked))[0]
    shown = await keys_commands.show_key(settings, leaked, as_json=False)
    assert "private part  destroyed" in shown
    steps = [line.split()[-1] for line in shown]
    assert steps[-4:] == ["made", "activated", "revoked", "destroyed"]


async def test_a_purpose_can_be_stopped_without_a_successor(settings: Settings) -> None:
    key = (await _keys(settings, "ca.seals"))["active"]
    said = await keys_commands.revoke_key(settings, key, replace=True)
    assert said[1] == "ca.seals has no key now: make a new one and its certificate"
    assert await _keys(settings, "ca.seals") == {}


async def test_a_secret_that_values_are_under_is_not_revoked_and_not_destroyed(settings: Settings) -> None:
    key = (await _keys(settings, "field.people"))["active"]
    for refused in (
        keys_commands.revoke_key(settings, key, replace=True),
        keys_commands.retire_key(settings, key),
        keys_commands.destroy_key(settings, key),
    ):
        with pytest.raises(AppError):
            await refused
    assert (await _keys(settings, "field.people"))["active"] == key


async def test_the_schedule_names_what_the_service_keeps_and_nothing_else(settings: Settings) -> None:
    (document,) = await keys_commands.schedule(settings, as_json=True)
    rows = json.loads(document)
    assert {row["step"] for row in rows if row["purpose"].startswith("oidc.")} <= {"make", "destroy"}
    assert not any(row["due"] for row in rows)
    purposes = {row["purpose"] for row in rows}
    assert {"oidc.rs256", "field.people", "secret.tokens"} <= purposes
    assert not {"ca.root", "oidc.pairwise"} & purposes
    (heading, *lines) = await keys_commands.schedule(settings, as_json=False)
    assert heading.split() == ["AT", "DUE", "STEP", "PURPOSE", "KEY", "ID"]
    assert len(lines) == len(rows)


async def test_an_unknown_key_is_said_to_be_unknown(settings: Settings) -> None:
    with pytest.raises(NotFound):
        await keys_commands.show_key(settings, "nobody", as_json=False)


def test_a_table_is_aligned_where_letters_are_wide() -> None:
    assert lines_of([{"name": "密钥", "at": 1}, {"name": "key", "at": None}], as_json=False) == [
        "NAME  AT",
        "密钥  1",
        "key",
    ]
    assert lines_of([], as_json=False) == []
    assert json.loads(lines_of([{"name": "密钥"}], as_json=True)[0]) == [{"name": "密钥"}]
