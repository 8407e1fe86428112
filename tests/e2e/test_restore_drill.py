"""The drill on both columns: a city's service is lost and comes back on an empty machine, with its keys and without.

Attacks K-09 and L-24 of our list; figures F-14 (RPO, RTO) are printed.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from api.demo import city
from tests.e2e.test_journey import s3_client
from tests.support import databases
from tests.support.machine import (
    ADDRESS,
    ID_NUMBER,
    NAME,
    Machine,
    file_of,
    issue,
    log_in,
    token_of,
    verdict_on,
)
from tests.support.servers import PostgresServer, RedisServer, S3Server, SoftHsmToken

pytestmark = pytest.mark.slow

PASSPHRASE = "a passphrase that lies in the safe"
CANARIES = [text.encode() for text in (ID_NUMBER, NAME, ADDRESS, city.LIN.id_number, city.LIN.name, PASSPHRASE)]


@dataclass
class Before:
    """What the lost machine had, and what was put away of it."""

    machine: Machine
    passphrase: Path
    archive: str = ""
    data_only: str = ""
    keys: str = ""
    recovery: str = ""
    shares: list[str] = field(default_factory=list)
    journal: str = ""
    checkpoint: str = ""
    acknowledged: list[str] = field(default_factory=list)
    licences: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    token: dict[str, str] = field(default_factory=dict)
    cookies: Any = None
    device_keys: list[dict[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def lived(settings: dict[str, str], folder: Path) -> Iterator[Before]:
    """A machine that worked, was backed up while it worked, went on, and is gone; its backups are left."""
    machine = Machine(settings)
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n")
    passphrase.chmod(0o600)
    before = Before(machine, passphrase)
    try:
        machine.yizheng("migrate", "--demo")
        machine.start()
        _work(before)
        _back_up_under_load(before, folder)
        _go_on(before)
        before.journal = machine.tell("backup", "journal")["file"]
        machine.stop(keep_data=True)
        yield before
    finally:
        machine.stop()


def _work(before: Before) -> None:
    with before.machine.http() as http:
        headers = before.token = token_of(http, city.HOUSING_SYSTEM)
        for name in ("kept", "revoked"):
            licence = issue(http, headers, name, (ID_NUMBER, NAME))
            before.licences[name], before.files[name] = licence, file_of(http, headers, licence)
    before.cookies = log_in(before.machine).http.cookies
    with before.machine.http() as http:
        http.cookies = before.cookies
        assert http.get("/me").status_code == 200, "the twin: the cookie is good"


def _back_up_under_load(before: Before, folder: Path) -> None:
    """The archive is made while others write; all that was answered before it began must be in it."""
    enough, stop = threading.Event(), threading.Event()

    def others() -> None:
        with before.machine.http() as http:
            headers = token_of(http, city.HOUSING_SYSTEM)
            for number in range(10_000):
                if stop.is_set():
                    return
                before.acknowledged.append(issue(http, headers, f"load-{number}", (ID_NUMBER, NAME))["id"])
                if number == 2:
                    enough.set()

    writer = threading.Thread(target=others)
    writer.start()
    try:
        assert enough.wait(60)
        answered = len(before.acknowledged)
        report = before.machine.tell("backup", "--passphrase-file", before.passphrase)
        during = len(before.acknowledged) - answered
    finally:
        stop.set()
        writer.join(60)
    assert during > 0, "the service answered while it was backed up"
    before.acknowledged = before.acknowledged[:answered]
    before.archive, before.checkpoint = report["file"], report["checkpoint"]
    before.device_keys = report["device_keys"]
    before.data_only = before.machine.tell("backup", "--data-only", "--passphrase-file", before.passphrase)["file"]
    put_away = before.machine.tell(
        "backup", "--keys", "--passphrase-file", before.passphrase, "--shares", "2/3", "--shares-to", folder / "shares"
    )
    before.keys, before.recovery, before.shares = put_away["file"], put_away["recovery"], put_away["shares"]
    assert put_away["lost_count"] == report["lost_count"] == 0
    _drill_and_status(before)


def _drill_and_status(before: Before) -> None:
    """The drill leaves nothing behind, touches no key of a device, and is on record."""
    tried = before.machine.tell("backup", "drill")
    assert tried["good"], tried["checks"]
    assert tried["checks"]["tokens of before ended"] is None
    assert not list(before.machine.backups.glob(".drill-*"))
    status = before.machine.tell("backup", "status")
    assert status["good"], status
    assert {run["kind"]: run["state"] for run in status["runs"]} == {"backup": "done", "drill": "done"}
    whole = before.machine.tell("backup", "check", before.archive)
    assert whole["what"] == "all"
    with before.machine.http() as http:
        licence = http.get(f"/v1/licences/{before.licences['kept']['id']}", headers=before.token)
        assert licence.status_code == 200, "the drill ended nothing of the living service"


def _go_on(before: Before) -> None:
    """After the backup, something ends."""
    with before.machine.http() as http:
        answer = http.post(
            f"/v1/licences/{before.licences['revoked']['id']}/revoke",
            json={"reason": "违法取得（演练）"},
            headers=token_of(http, city.HOUSING_SYSTEM) | {"Idempotency-Key": "the-ending"},
        )
        assert answer.status_code == 200, answer.text
        assert verdict_on(http, before.files["revoked"])["state"] == "revoked"


def _comes_back(before: Before, settings: dict[str, str]) -> None:
    """With its keys: the master key from two of three people, the archive, and the journal of what ended."""
    machine = Machine(settings, instead_of=before.machine)
    began = time.perf_counter()
    try:
        shares = [word for share in (before.shares[2], before.shares[0]) for word in ("--share", share)]
        machine.yizheng("restore", "--recovery", before.recovery, *shares)
        report = machine.tell("restore", before.archive, "--journal", before.journal)
        assert report["good"], report["checks"]
        wanted = ("audit chain", "documents", "keys open", "signature of the archive", "tokens of before ended")
        assert all(report["checks"][name] is True for name in wanted), report["checks"]
        assert report["replayed"]["licence"] == 1
        assert "accept-gap" in machine.yizheng("serve", "--port", machine.port, code=1)
        assert machine.yizheng("restore", "--accept-gap").startswith("acknowledged")
        machine.start()
        seconds = time.perf_counter() - began
        _serves_as_before(before, machine)
        said = machine.yizheng("audit", "verify", "--checkpoint", before.checkpoint)
        assert said.startswith("audit chain whole"), said
        print(
            f"\nRTO {seconds:.1f} s of {report['rows']} rows and {report['documents']} documents, RPO 0 to the backup"
        )
    finally:
        machine.stop()


def _serves_as_before(before: Before, machine: Machine) -> None:
    with machine.http() as http:
        # nobody is logged in, and no token of before is taken
        http.cookies = before.cookies
        assert http.get("/me").status_code == 401
        http.cookies.clear()
        assert http.get(f"/v1/licences/{before.licences['kept']['id']}", headers=before.token).status_code == 401
        log_in(machine)
        # what was issued verifies; what was revoked after the backup stays revoked
        assert verdict_on(http, before.files["kept"])["state"] == "valid"
        assert verdict_on(http, before.files["revoked"])["state"] == "revoked"
        headers = token_of(http, city.HOUSING_SYSTEM)
        assert file_of(http, headers, before.licences["kept"]) == before.files["kept"]
        # RPO: everything that was answered before the backup began
        for licence in before.acknowledged:
            assert http.get(f"/v1/licences/{licence}", headers=headers).status_code == 200
        # and work goes on: drawn, sealed, genuine
        fresh = issue(http, headers, "after-the-disaster", (ID_NUMBER, NAME))
        assert verdict_on(http, file_of(http, headers, fresh))["state"] == "valid"


def _without_the_keys(before: Before, settings: dict[str, str]) -> None:
    """With the passphrase but without the keys: the data come back and stay unreadable; nothing starts."""
    machine = Machine(settings, instead_of=before.machine)
    try:
        report = machine.tell("restore", before.data_only, "--passphrase-file", before.passphrase, "--accept-gap")
        assert report["good"]
        assert report["checks"]["keys open"] is None
        assert any("master key" in need for need in report["needed"])
        for command in (("migrate",), ("serve", "--port", machine.port)):
            assert "master-key-missing" in machine.yizheng(*command, code=1)
        assert not list(machine.folder.glob("keys/master")), "no new master key was made in its place"
        _no_canary(machine.folder)
        # the keys come later: then everything is readable
        machine.yizheng("restore", before.keys, "--recovery", before.recovery, "--passphrase-file", before.passphrase)
        machine.start()
        with machine.http() as http:
            assert verdict_on(http, before.files["kept"])["state"] == "valid"
    finally:
        machine.stop()


def _no_canary(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        for canary in CANARIES:
            assert canary not in content, path.name


def _nothing_opens_it(before: Before, settings: dict[str, str]) -> None:
    """With no key, or with another one: one line that says what is needed, and nothing is written."""
    machine = Machine(settings)
    try:
        assert "opens with the master key or the passphrase" in machine.yizheng("restore", before.archive, code=1)
        other = machine.folder / "other"
        other.write_text("another passphrase altogether\n")
        other.chmod(0o600)
        assert "opens with" in machine.yizheng("restore", before.archive, "--passphrase-file", other, code=1)
        too_few = machine.yizheng("restore", "--recovery", before.recovery, "--share", before.shares[0], code=1)
        assert "2 shares are needed" in too_few
        assert not (machine.folder / "yizheng.db").exists() or "database_url" in settings
    finally:
        machine.stop()


def _archives_are_private(before: Before) -> None:
    _no_canary(before.machine.backups)
    assert before.machine.backups.stat().st_mode & 0o777 == 0o700
    for path in before.machine.backups.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    master = (before.machine.folder / "keys" / "master").read_bytes().strip().partition(b":")[2]
    for path in before.machine.backups.iterdir():
        assert master not in path.read_bytes()
    assert not [path for path in before.machine.backups.iterdir() if path.suffix == ".part"]


def test_the_embedded_column_comes_back(tmp_path: Path) -> None:
    with lived({}, tmp_path) as before:
        _archives_are_private(before)
        assert before.device_keys == []
        _nothing_opens_it(before, {})
        _without_the_keys(before, {})
        _comes_back(before, {})


async def test_the_cluster_column_comes_back(
    tmp_path: Path,
    postgres_server: PostgresServer,
    redis_server: RedisServer,
    s3_server: S3Server,
    softhsm: SoftHsmToken,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PostgreSQL, Redis, S3, keys in a PKCS#11 token that outlives the machine."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    pin = tmp_path / "pin"
    pin.write_text(softhsm.pin)
    pin.chmod(0o600)
    shared = {
        "kv_url": f"redis://127.0.0.1:{redis_server.port}/9",
        "s3_endpoint": s3_server.endpoint,
        "key_backend": "pkcs11",
        "pkcs11_module": softhsm.module,
        "pkcs11_token": softhsm.label,
        "pkcs11_pin_file": str(pin),
    }
    async with contextlib.AsyncExitStack() as stack:
        places = []
        for number in range(3):
            bucket = f"drill-{tmp_path.name.replace('_', '-').lower()}"[:50].rstrip("-") + f"-{number}"
            s3_client(s3_server).create_bucket(Bucket=bucket)
            domain = await stack.enter_async_context(databases.postgres_url(postgres_server))
            keys = await stack.enter_async_context(databases.postgres_url(postgres_server))
            places.append(shared | {"database_url": domain, "keys_url": keys, "blobs_url": f"s3://{bucket}"})

        def drill() -> None:
            with lived(places[0], tmp_path) as before:
                _archives_are_private(before)
                assert {key["purpose"] for key in before.device_keys} >= {"oidc.es256", "oidc.rs256"}
                assert all("pin" not in key["uri"] for key in before.device_keys)
                _comes_back(before, places[1])
                # the other column: the same archive on a machine with nothing but a folder
                token = {name: value for name, value in shared.items() if name.startswith(("key_", "pkcs11"))}
                _comes_back(before, token)

        await asyncio.to_thread(drill)
