"""`yizheng keys reencrypt …` and the composed service: a rotation is followed, shown, held up and gone on with."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from api.cli import reencrypt_commands
from api.cli.composed import composed
from api.cli.prepare import prepare, with_database
from api.settings import Settings
from api.wiring.container import build_container
from core.audit.tables import audit_event
from core.clock import SystemClock
from core.db.database import Database
from core.errors import NotFound
from core.identifiers.citizen_id import parse_citizen_id
from core.principal import SYSTEM
from core.text import Text
from idp.clients.registration import NewClient
from idp.model import GrantType
from idp.people import NewAccount
from idp.protocol.facts import RequestFacts
from keys.errors import KeyStateConflict
from keys.secrets.purposes import INDEX_PURPOSES, PEOPLE, PEOPLE_INDEX, TOKENS
from keys.spec import KeyState
from keys.stores.reencryption_tables import reencryption_job
from tests.support.clock import FakeClock
from tests.support.idp_world import citizen_number

pytestmark = pytest.mark.slow
NUMBER = citizen_number(11)


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reencrypt")


@pytest.fixture
async def settings(module_folder: Path) -> Settings:
    made = Settings(data=module_folder)
    if not (module_folder / "yizheng.db").exists():
        await prepare(made)
        async with composed(made) as container:
            await container.idp.create_account(NewAccount(NUMBER, "林知远", "correct horse"), SYSTEM)
    return made


async def _status(settings: Settings) -> dict[str, dict[str, Any]]:
    (document,) = await reencrypt_commands.status(settings, as_json=True)
    return {row["name"]: row for row in json.loads(document)}


async def test_a_rotation_is_followed_and_the_old_keys_can_go(settings: Settings) -> None:
    clock = FakeClock(SystemClock().now() + dt.timedelta(days=1))
    container = await build_container(settings, clock)
    try:
        ring, services = container.ground.keys.ring, container.reencryption
        old = {purpose: ring.secrets(purpose)[0].key_id for purpose in (PEOPLE, PEOPLE_INDEX)}
        for purpose in old:
            await ring.prepare_next(purpose)
            with pytest.raises(KeyStateConflict):  # "at once" means: as soon as every worker can read what is under it
                await ring.rotate(purpose, at_once=True)
        clock.advance(121)
        await ring.refresh()
        for purpose in old:
            await ring.rotate(purpose, at_once=True)
        assert await services.work.through() == 0, "not before every worker has heard of the new keys"
        clock.advance(130)
        await ring.refresh()
        assert await services.work.through() >= 2
        assert all(one.remaining == 0 for one in await services.control.standing())
        for key_id in old.values():
            assert not await services.usage.needed(key_id)
            await ring.retire(key_id, usage=services.usage)
        number = parse_citizen_id(NUMBER, today=clock.now().date())
        account_id = await container.idp.directory.account_by_citizen_id(number)
        assert account_id is not None
        assert (await container.idp.directory.person(account_id)).name == "林知远"
    finally:
        await container.close()


async def test_a_key_that_is_needed_is_not_retired(settings: Settings) -> None:
    clock = FakeClock(SystemClock().now() + dt.timedelta(days=2))
    container = await build_container(settings, clock)
    try:
        ring, services = container.ground.keys.ring, container.reencryption
        for purpose in (PEOPLE, *INDEX_PURPOSES):
            await ring.prepare_next(purpose)
        clock.advance(121)
        await ring.refresh()
        for purpose in (PEOPLE, *INDEX_PURPOSES):
            await ring.rotate(purpose, at_once=True)
            for key in ring.secrets(purpose):
                if key.state is KeyState.VERIFY_ONLY:
                    assert await services.usage.needed(key.key_id) is (purpose in (PEOPLE, PEOPLE_INDEX))
        clock.advance(130)
        await ring.refresh()
        await services.work.through()
    finally:
        await container.close()


async def test_status_shows_every_table(settings: Settings) -> None:
    rows = await _status(settings)
    assert set(rows) == {
        "account",
        "account_index",
        "account_profile",
        "person_document",
        "person_document_index",
        "person_proposal",
        "client",
        "upstream_provider",
        "upstream_session",
        "licence_version",
        "licence",
        "licence_holder",
        "licence_event",
        "authorisation",
        "authenticator",
        "recovery_codes",
        "passkey",
        "person_certificate",
        "consent",
        "access_record",
        "licence_import_part",
        "subscription_secret",
        "exemption_check",
        "licence_draft",
        "ending_proposal",
        "objection",
        "objection_step",
        "licence_share",
        "entrustment",
        "licence_attachment",
        "licence_attachment_file",
        "licence_mark_index",
        "licence_file",
        "objection_evidence",
        "seal_batch",
        "seal_batch_file",
        "seal_batch_file.document",
        "seal_request",
        "seal_signature",
    }
    assert all(row["remaining"] == 0 for row in rows.values())
    lines = await reencrypt_commands.status(settings, as_json=False)
    assert lines[0].split() == ["NAME", "STATE", "REMAINING", "FOUND", "REWRITTEN", "UNREADABLE", "SINCE"]
    assert len(lines) == len(rows) + 1


async def test_pause_resume_and_start_are_said_and_audited(settings: Settings) -> None:
    async def to_running(database: Database) -> None:
        async with database.write() as tx:
            await tx.connection.execute(update(reencryption_job).values(state="running"))
            await tx.commit()

    await with_database(settings, to_running)
    assert await reencrypt_commands.pause(settings, "account") == ["account: paused"]
    assert (await _status(settings))["account"]["state"] == "paused"
    assert (await reencrypt_commands.pause(settings, "account"))[0].startswith("nothing paused")
    assert await reencrypt_commands.resume(settings, None) == ["account: running"]
    said = await reencrypt_commands.start(settings, None, here=True)
    assert said[-1].endswith("0 values remain")
    with pytest.raises(NotFound):
        await reencrypt_commands.start(settings, "accounts", here=False)

    async def actions(database: Database) -> list[tuple[str, str]]:
        async with database.read() as tx:
            like = audit_event.c.action.like("secrets.reencrypt-%")
            rows = await tx.connection.execute(select(audit_event.c.action, audit_event.c.subject).where(like))
            return [(row.action, row.subject) for row in rows]

    assert await with_database(settings, actions) == [
        ("secrets.reencrypt-pause", "account"),
        ("secrets.reencrypt-resume", "account"),
    ]


async def test_the_key_of_tokens_is_needed_by_clients_that_have_not_come_since(settings: Settings) -> None:
    clock = FakeClock(SystemClock().now() + dt.timedelta(days=3))
    container = await build_container(settings, clock)
    try:
        ring, usage = container.ground.keys.ring, container.reencryption.usage
        machine = NewClient(
            Text("系统", "System"), grants=frozenset({GrantType.CLIENT_CREDENTIALS}), scopes=frozenset({"licence:read"})
        )
        made = await container.idp.register_client(machine, SYSTEM)
        old = ring.secrets(TOKENS)[0].key_id
        await ring.prepare_next(TOKENS)
        clock.advance(121)
        await ring.refresh()
        await ring.rotate(TOKENS, at_once=True)
        assert await usage.needed(old)
        form = {"client_id": made.client.id, "client_secret": made.secret or ""}
        await container.idp.change_client_status(
            made.client.id, made.client.status, SYSTEM
        )  # forget what is remembered
        from tests.support.idp_browser import basic

        facts = RequestFacts("POST", "introspect", basic(form["client_id"], form["client_secret"]))
        client = await container.idp.introspect._authenticate(facts, {})
        assert client.id == made.client.id
        assert not await usage.needed(old)
    finally:
        await container.close()
