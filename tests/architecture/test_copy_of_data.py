"""Whoever keeps something new about people says whether its owner can take it away (PIPL Art. 45)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column

from api.migrations.tables import ALL_TABLES
from core.principal import Principal, PrincipalKind
from tests.support.clock import FakeClock
from tests.support.idp_world import embedded_world

CHAPTERS = {
    "account": "account",
    "account_profile": "account",
    "account_index": "account",
    "person_document": "account",
    "staff_role": "duties",
    "session": "sessions",
    "session_client": "sessions",
    "login_record": "log-ins",
    "portal_consent": "site-consents",
    "upstream_link": "linked-accounts",
    "passkey": "keys",
    "person_certificate": "keys",
    "authenticator": "keys",
    "known_device": "devices",
    "identity_evidence": "evidence",
    "authorisation": "organisations",
    "audit_event": "events",
}
"""In which chapter of the copy a table's rows are."""

LEFT_OUT = {
    "recovery_codes": "secrets, shown once when they were made",
    "pairwise_subject": "names that would let sites compare people",
    "token_family": "the sites that they are for are under sessions, and their secrets are nobody's to read",
    "upstream_bar": "that a link was taken back; the link's end is under events",
    "upstream_session": "what a session rests on elsewhere; its provider is under sessions",
    "logout_delivery": "messages on their way to sites",
    "backchannel_request": "questions of some minutes",
    "account_notice": "messages that the person got",
    "security_event": "what the guards of the service saw; the person is told by notices",
    "data_export": "the copy itself",
    "account_departure": "the person's own wish of some days, shown on their page",
    "person_proposal": "a case that two clerks are at",
    "window_proof": "a case that two clerks are at; what came of it is under evidence",
    "staff_member": "the employer's entry; the duties that follow from it are there",
    "staff_proposal": "the employer's proposal; the duties that follow from it are there",
}
"""Why a table's rows are not in it."""

_NAMES = {"account_id", "subject", "holder", "agent"}
_NOT_PEOPLE = {"login_rule"}  # its subject is a client, a role or a level


def test_everything_that_is_kept_about_people_is_in_the_copy_or_left_out_for_a_reason() -> None:
    personal = {table.name for table in ALL_TABLES.sorted_tables if any(map(_names_a_person, table.columns))}
    known = {*CHAPTERS, *LEFT_OUT}
    assert personal - known - _NOT_PEOPLE == set(), "say here whether the copy of a person's data has it"
    assert known - {table.name for table in ALL_TABLES.sorted_tables} == set(), "no such table"
    assert CHAPTERS.keys().isdisjoint(LEFT_OUT)


async def test_every_chapter_is_there(tmp_path: Path, clock: FakeClock) -> None:
    async with embedded_world(tmp_path, clock) as world:
        person = Principal(PrincipalKind.PERSON, world.lin.account_id)
        made = [one for source in world.idp.export_sources for one in await source.chapters(person)]
    names = [one.name for one in made]
    assert set(CHAPTERS.values()) <= set(names)
    assert len(names) == len(set(names))
    for chapter in made:
        for entry in chapter.entries:
            assert entry.keys() <= chapter.labels.keys(), f"{chapter.name}: a member without a label"


def _names_a_person(column: Column[object]) -> bool:
    refers = any(key.column.table.name == "account" for key in column.foreign_keys)
    return refers or column.name in _NAMES
