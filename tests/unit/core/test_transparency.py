"""Checkpoints, proofs and witnesses of the audit log: what they say, who may ask, and what goes wrong on the way."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from api.wiring.transparency import TransparencyServices, compose_transparency
from core.audit.event import AuditEvent
from core.audit.tables import audit_event
from core.db.database import Database
from core.egress.errors import FetchFailed
from core.egress.port import Fetched
from core.errors import InvalidInput, NotFound, NotPermitted
from core.kv.embedded import EmbeddedKeyValueStore
from core.principal import SYSTEM, Principal, PrincipalKind
from core.transparency.audit_log import AUDIT_LOG
from core.transparency.checkpoint_note import NoteRefused, NoteSignature, read_note, signature_line
from core.transparency.merkle import is_consistent
from core.transparency.ports import WitnessFault
from core.transparency.proof_document import check_document, event_document, growth_document
from core.transparency.tables import audit_tile
from core.transparency.tiles import TileTree
from core.transparency.witness_http import HttpWitness
from core.transparency.witnesses import Witnesses
from keys.errors import KeyRefused
from keys.notes import NoteKey, read_note_key
from tests.support.clock import FakeClock
from tests.support.notes import OneNoteKey

ISSUER, ORIGIN = "https://city.example.cn", "city.example.cn/audit"
AUDITOR = Principal(PrincipalKind.STAFF, "acc_audit", scopes=frozenset({"admin:audit"}))
KEY = OneNoteKey()


@pytest.fixture
async def services(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[TransparencyServices]:
    kv = EmbeddedKeyValueStore(tmp_path / "kv.db", clock)
    yield compose_transparency(database, clock, kv, KEY, issuer=ISSUER)
    await kv.close()


async def add(database: Database, count: int) -> None:
    async with database.write() as tx:
        for number in range(count):
            tx.audit(AuditEvent("licence.read", "done", SYSTEM, f"lic_{number}", detail={"名": "值", "n": number}))
        await tx.commit()


async def test_a_proof_document_is_checked_with_the_pinned_key_alone(
    services: TransparencyServices, database: Database
) -> None:
    await add(database, 270)
    await services.keeper.turn()
    proof = event_document(await services.prove.event(200, AUDITOR))
    found = _checked(proof)
    assert (found.number, list(found.sizes), found.fault) == (200, [270], None)
    changed: Any = json.loads(json.dumps(proof))
    changed["event"]["content"]["actor_id"] = "acc_other"
    assert _checked(changed).fault == "not-the-root"
    stranger = OneNoteKey().key(ORIGIN)
    assert check_document(json.dumps(proof).encode(), ORIGIN, [stranger], FakeClock()).fault == "not-signed"
    assert check_document(json.dumps(proof).encode(), "other.example.cn/audit", KEY.keys(ORIGIN), FakeClock()).fault


async def test_growth_is_proved_between_any_two_checkpoints(services: TransparencyServices, database: Database) -> None:
    for count in (3, 260, 300):
        await add(database, count)
        await services.keeper.turn()
    for first, second in ((3, 263), (3, 563), (263, 563), (263, 263)):
        proof = growth_document(await services.prove.growth(first, second, AUDITOR))
        found = _checked(proof)
        assert (list(found.sizes), found.fault) == ([first, second], None)
    with pytest.raises(InvalidInput):
        await services.prove.growth(263, 3, AUDITOR)
    with pytest.raises(NotFound):
        await services.prove.growth(3, 4, AUDITOR)


async def test_answers_are_the_same_before_and_after_the_tiles_are_kept(
    services: TransparencyServices, database: Database
) -> None:
    await add(database, 600)
    async with database.read() as tx:
        tree = TileTree(tx.connection, AUDIT_LOG)
        before = [await tree.root(size) for size in (1, 255, 256, 257, 600)], await tree.inclusion(3, 599)
    await services.keeper.turn()
    async with database.read() as tx:
        places = [tuple(row) for row in await tx.connection.execute(select(audit_tile.c.level, audit_tile.c.place))]
        tree = TileTree(tx.connection, AUDIT_LOG)
        after = [await tree.root(size) for size in (1, 255, 256, 257, 600)], await tree.inclusion(3, 599)
    assert sorted(places) == [(0, 0), (0, 1)]
    assert before == after


async def test_only_audit_administrators_ask_and_it_is_on_record(
    services: TransparencyServices, database: Database
) -> None:
    await add(database, 2)
    await services.keeper.turn()
    for scopes in (set(), {"audit:read"}, {"admin:security", "licence:read"}):
        other = Principal(PrincipalKind.STAFF, "acc_other", scopes=frozenset(scopes))
        for asked in (
            services.prove.event(1, other),
            services.prove.growth(2, 2, other),
            services.prove.checkpoints(other),
            services.overview.state(other),
            services.overview.verify(other),
        ):
            with pytest.raises(NotPermitted):
                await asked
    await services.prove.event(1, AUDITOR)
    assert (await services.overview.verify(AUDITOR)).whole
    async with database.read() as tx:
        actions = (await tx.connection.execute(select(audit_event.c.action, audit_event.c.actor_id))).all()
    assert [tuple(one) for one in actions[2:]] == [("audit.prove", "acc_audit"), ("audit.verify", "acc_audit")]


async def test_what_no_checkpoint_covers_is_said_so(services: TransparencyServices, database: Database) -> None:
    await add(database, 2)
    with pytest.raises(NotFound):
        await services.prove.event(1, AUDITOR)
    await services.keeper.turn()
    await add(database, 1)
    for number in (0, 3, 4):
        with pytest.raises(NotFound) as refused:
            await services.prove.event(number, AUDITOR)
        assert refused.value.code == "audit-event-not-covered"


class _WitnessServer:
    """Implements `core.egress.port.Fetcher`: a witness as the C2SP document describes it, in memory."""

    def __init__(self, signer: OneNoteKey, name: str = "witness.example.org") -> None:
        self.size, self.root, self.name, self.signer = 0, b"", name, signer
        self.away = False

    @property
    def key(self) -> NoteKey:
        return self.signer.key(self.name, cosigns=True)

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        assert (url, method) == ("https://witness.example.org/add-checkpoint", "POST")
        if self.away:
            raise FetchFailed("timeout")
        proof, _, note = body.decode().partition("\n\n")
        first, *lines = proof.split("\n")
        signed = read_note(note)
        old = int(first.removeprefix("old "))
        if old != self.size:
            return Fetched(409, "text/x.tlog.size", f"{self.size}\n".encode())
        head, path = signed.head, [base64.b64decode(line, validate=True) for line in lines]
        if old and not is_consistent(old, self.root, head.size, head.root, path):
            return Fetched(422, "text/plain", b"")
        self.size, self.root = head.size, head.root
        message = f"cosignature/v1\ntime 1\n{signed.text}".encode()
        value = (1).to_bytes(8) + self.signer.signer.sign(message)
        return Fetched(200, "text/plain", signature_line(NoteSignature(self.name, self.key.key_id, value)).encode() + b"\n")  # fmt: skip  # noqa: E501


async def test_a_witness_by_http_checks_growth_signs_and_finds_a_second_log(
    services: TransparencyServices, database: Database, clock: FakeClock
) -> None:
    server = _WitnessServer(OneNoteKey())
    witness = HttpWitness("https://witness.example.org", server, server.key, clock)
    carried = Witnesses(database, services.checkpoints, [witness], clock)
    await add(database, 5)
    await services.checkpoints.make()
    (state,) = await carried.carry()
    assert (state.size, state.fault) == (5, "")
    assert read_note_key(server.key.line()) == server.key
    assert state.answer.startswith("\N{EM DASH} witness.example.org ")
    server.away = True
    await add(database, 4)
    await services.checkpoints.make()
    (state,) = await carried.carry()
    assert (state.size, state.fault) == (5, "unreachable")
    server.away = False
    (state,) = await carried.carry()
    assert (state.size, state.fault) == (9, "")
    server.size, server.root = 7, bytes(32)  # it saw another log
    await add(database, 1)
    await services.checkpoints.make()
    (state,) = await carried.carry()
    assert (state.size, state.fault) == (9, "forked")


async def test_a_witness_whose_answer_another_key_signed_does_not_count(
    services: TransparencyServices, database: Database, clock: FakeClock
) -> None:
    server = _WitnessServer(OneNoteKey())
    pinned = OneNoteKey().key(server.name, cosigns=True)
    await add(database, 1)
    made = await services.checkpoints.make()
    assert made is not None
    with pytest.raises(WitnessFault):
        await HttpWitness("https://witness.example.org", server, pinned, clock).keep(made.signed(), after=0, proof=[])


async def test_a_note_survives_reading_and_its_odd_forms_are_refused(
    services: TransparencyServices, database: Database
) -> None:
    await add(database, 1)
    made = await services.checkpoints.make()
    assert made is not None
    note = made.note
    assert read_note(note).note == note
    origin, size, root, rest = note.split("\n", 3)
    for odd in (
        "",
        note.rstrip("\n"),
        f"{origin}\n01\n{root}\n{rest}",
        f"{origin}\n-1\n{root}\n{rest}",
        f"{origin}\n{size}\n{root[:-4]}\n{rest}",
        f"\n{size}\n{root}\n{rest}",
        note.replace("\N{EM DASH}", "-"),
        note + "x",
    ):
        with pytest.raises(NoteRefused):
            read_note(odd)


@pytest.mark.parametrize("line", ["", "name", "name+00000000+", "name+00000000+AQ==", "a+zz+!!"])
def test_a_key_line_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(KeyRefused):
        read_note_key(line)


def test_a_key_line_with_another_keys_id_is_refused() -> None:
    key = KEY.key(ORIGIN)
    wrong = dataclasses.replace(key, key_id=bytes(4))
    with pytest.raises(KeyRefused):
        read_note_key(wrong.line())


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"event":1}', b"\xff", b"[" * 5000])
def test_what_is_no_proof_is_refused(document: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_document(document, ORIGIN, KEY.keys(ORIGIN), FakeClock())
    assert refused.value.code == "audit-proof-malformed"


def _checked(document: object) -> Any:
    return check_document(msgspec.json.encode(document), ORIGIN, KEY.keys(ORIGIN), FakeClock())
