"""`yizheng client …`: what operators do with clients, on a database of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.cli import client_commands as commands
from api.cli.prepare import prepare
from api.settings import Settings
from core.errors import Conflict, InvalidInput, NotFound
from idp.model import ClientStatus

PORTAL = {"name_zh": "甲", "name_en": "A", "client_id": "aaa", "redirect_uris": ["https://a.example.cn/cb"]}


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    made = Settings(data=tmp_path)
    await prepare(made)
    return made


async def test_the_life_of_a_client_at_the_command_line(settings: Settings) -> None:
    (made,) = [json.loads(line) for line in await commands.register(settings, [PORTAL])]
    assert made["client_id"] == "aaa"
    assert len(made["client_secret"]) >= 43
    (shown,) = [json.loads(line) for line in await commands.show(settings, "aaa")]
    assert (shown["client_name#en"], shown["sector"], shown["origin"]) == ("A", "a.example.cn", "operator")
    added = json.loads((await commands.add_secret(settings, "aaa", hours=1))[0])
    assert added["client_secret"] != made["client_secret"]
    with pytest.raises(Conflict):
        await commands.add_secret(settings, "aaa", hours=1)
    await commands.end_earlier_secret(settings, "aaa")
    with pytest.raises(NotFound):
        await commands.end_earlier_secret(settings, "aaa")
    for status in (ClientStatus.DISABLED, ClientStatus.ACTIVE, ClientStatus.REMOVED):
        assert status.value in (await commands.change_status(settings, "aaa", status))[0]
    (row,) = json.loads((await commands.list_clients(settings, "a", as_json=True))[0])
    assert row["status"] == "removed"
    with pytest.raises(NotFound):
        await commands.show(settings, "aaa")
    assert await commands.list_clients(settings, "nothing", as_json=False) == []


async def test_tokens_are_issued_listed_and_ended(settings: Settings) -> None:
    options: dict[str, Any] = {"clients": 2, "hours": 1, "hosts": ["A.example.cn"], "review": True, "for_tests": True}
    made = json.loads((await commands.issue_token(settings, "suite", scope="openid", **options))[0])
    assert len(made["initial_access_token"]) >= 43
    heading, row = await commands.list_tokens(settings, as_json=False)
    assert "suite" in row
    assert made["initial_access_token"] not in heading + row
    await commands.end_token(settings, made["id"])
    assert json.loads((await commands.list_tokens(settings, as_json=True))[0])[0]["state"] == "over"
    with pytest.raises(InvalidInput):
        await commands.issue_token(settings, "suite", scope="openid admin:system", **options)


async def test_errors_are_listed(settings: Settings) -> None:
    await commands.register(settings, [PORTAL])
    assert await commands.errors(settings, "aaa", as_json=False) == []
    with pytest.raises(NotFound):
        await commands.errors(settings, "bbb", as_json=False)


def test_a_slip_of_the_pen_is_no_silence(tmp_path: Path) -> None:
    file = tmp_path / "clients.json"
    file.write_text(json.dumps([PORTAL, PORTAL | {"client_name#ja": "A"}]))
    first, second = commands.read_descriptions(file)
    assert first["client_name#zh-CN"] == "甲"
    assert second["client_name#ja"] == "A"
    for wrong in ('{"redirect_uri": "x"}', "[7]", "{"):
        file.write_text(wrong)
        with pytest.raises(ValueError, match=r"member|object|Expecting"):
            commands.read_descriptions(file)


async def test_logout_notices_are_listed_with_the_portals_health(settings: Settings) -> None:
    await commands.register(settings, [PORTAL])
    (told,) = await commands.logouts(settings, "aaa", as_json=False)
    assert told.startswith("in 7 days: 0 delivered")
    assert await commands.logouts(settings, "aaa", as_json=True) == ["[]"]
    with pytest.raises(NotFound):
        await commands.logouts(settings, "bbb", as_json=False)
    with pytest.raises(NotFound):
        await commands.retry_logout(settings, "aaa", "lgo_1")
