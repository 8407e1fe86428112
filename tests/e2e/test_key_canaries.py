"""No private key, secret or master key leaves the place where it is kept (attacks K-01, K-02).

The test opens the key store of a service in use with its master key, and looks for every private value, in every
usual spelling, in all that the service answered to all kinds of callers, logged, wrote to disk, and shows of itself
to the system.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from api.demo import city
from api.journey.instance import Instance
from api.journey.processes import FreshProcesses
from api.journey.visitor import Visitor
from keys.key_wrap import KeyWrap
from keys.master_key import parse_master_key
from keys.ports import KeyRecord
from keys.spec import SecretKind
from keys.stores.sql import open_key_store
from tests.e2e.test_canaries import _spray, _token
from tests.support.messages import finish_by_http

pytestmark = pytest.mark.slow
_PEOPLE = (city.LIN, city.CHEN, city.HE, city.HENG, city.SHEN)
_PAGES = ("/me", "/clerk", "/office", "/office/seal", "/admin/keys", "/verify", "/", "/login")


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    made = Instance()
    made.processes = FreshProcesses()  # what the system sees of a process is looked at
    try:
        made.command("migrate", "--demo")
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def private(instance: Instance) -> dict[str, bytes]:
    """Every private value of the service by a name that may be shown."""
    folder = instance.folder / "keys"
    master = parse_master_key((folder / "master").read_text())
    records = asyncio.run(_records(folder / "keyring.db"))
    found = {"master key": master}
    for record in records:
        found |= _private_values(record, KeyWrap(master))
    return found


async def _records(file: Path) -> Sequence[KeyRecord]:
    store = open_key_store(f"sqlite:///{file}")
    try:
        return (await store.load())[1]
    finally:
        await store.close()


def _private_values(record: KeyRecord, wrap: KeyWrap) -> dict[str, bytes]:
    assert record.sealed is not None
    opened = wrap.open(
        record.sealed, key_id=record.key_id, purpose=record.purpose, algorithm=record.algorithm, uri=record.uri
    )
    if record.algorithm == SecretKind.USUAL:
        return {record.purpose: opened}
    key = load_der_private_key(opened, password=None)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        number = key.private_numbers().private_value
        return {record.purpose: number.to_bytes((key.key_size + 7) // 8, "big")}
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {record.purpose: key.private_bytes_raw()}
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers = key.private_numbers()
    parts = {"d": numbers.d, "p": numbers.p, "q": numbers.q}
    return {
        f"{record.purpose} {name}": value.to_bytes((value.bit_length() + 7) // 8, "big")
        for name, value in parts.items()
    }


def spellings(value: bytes) -> list[bytes]:
    """A value as it is and as programs write it. Base64 without its ends, which depend on what stands before."""
    return [
        value,
        value.hex().encode(),
        value.hex().upper().encode(),
        base64.b64encode(value)[:40],
        base64.urlsafe_b64encode(value)[:40],
        str(int.from_bytes(value, "big")).encode(),
    ]


def holds(content: bytes, private: dict[str, bytes]) -> list[str]:
    """The names of the private values that stand in `content`."""
    return [name for name, value in private.items() if any(one in content for one in spellings(value))]


@pytest.fixture(scope="module")
def answers(instance: Instance) -> list[bytes]:
    """Headers and bodies of all that callers of every kind were answered."""
    kept: list[httpx.Response] = []
    with httpx.Client(base_url=instance.issuer, trust_env=False, timeout=60) as http:
        kept.append(http.get("/openapi.json"))
        for client in (None, city.POLICE_SYSTEM, city.HOUSING_PORTAL):
            headers = _token(http, client) if client else {}
            kept += _spray(http, headers)
            kept += [http.get(path, headers=headers) for path in _gets(http)]
    for person in _PEOPLE:
        kept += _walk(instance, person)
    assert len(kept) > 300
    return [str(one.headers).encode() + one.content for one in kept]


def _gets(http: httpx.Client) -> list[str]:
    paths = http.get("/openapi.json").json()["paths"]
    names = ("seals", "persons", "timestamps", "machines", "root")
    found = [path for path, operations in paths.items() if "get" in operations and "{" not in path]
    return [*found, *(f"/pki/ca/{name}.cer" for name in names), *(f"/pki/crl/{name}.crl" for name in names)]


def _walk(instance: Instance, person: city.Person) -> list[httpx.Response]:
    visitor = Visitor()
    try:
        visitor.open(f"{instance.issuer}/login")
        form = visitor.form()
        visitor.submit(form, **{form.field("text"): person.id_number, form.field("password"): city.PASSWORD})
        finish_by_http(visitor, instance.issuer, person.phone)
        return [visitor.open(f"{instance.issuer}{page}") for page in _PAGES]
    finally:
        visitor.close()


def test_no_answer_holds_a_private_value(answers: list[bytes], private: dict[str, bytes]) -> None:
    assert len(private) > 15
    for answer in answers:
        assert holds(answer, private) == []
        assert b"PRIVATE KEY" not in answer


def test_the_search_finds_what_is_there(instance: Instance, private: dict[str, bytes]) -> None:
    """The twin: the one place that has it, and a public value in an answer, are found by the same search."""
    kept = base64.b64decode((instance.folder / "keys" / "master").read_text().partition(":")[2], altchars=b"-_")
    assert holds(kept, private) == ["master key"]
    keys = httpx.get(f"{instance.issuer}/jwks", trust_env=False).json()["keys"]
    public = {"x": base64.urlsafe_b64decode(next(key["x"] for key in keys if key["kty"] == "EC") + "=")}
    assert holds(json.dumps(keys).encode(), public) == ["x"]


def test_public_keys_show_public_members_only(instance: Instance) -> None:
    keys = httpx.get(f"{instance.issuer}/jwks", trust_env=False).json()["keys"]
    assert keys
    for key in keys:
        assert set(key) <= {"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"}


def test_nothing_at_rest_holds_a_private_value(
    instance: Instance, answers: list[bytes], private: dict[str, bytes]
) -> None:
    searched = 0
    for file in instance.folder.rglob("*"):
        if not file.is_file() or file == instance.folder / "keys" / "master":
            continue
        searched += 1
        content = file.read_bytes()
        assert holds(content, private) == [], file.relative_to(instance.folder)
        assert b"PRIVATE KEY" not in content
    assert searched > 8


def test_no_log_line_holds_a_private_value(instance: Instance, answers: list[bytes], private: dict[str, bytes]) -> None:
    log = instance.log_text().encode()
    assert b'"event":"request"' in log
    assert holds(log, private) == []


def test_the_system_sees_no_private_value(instance: Instance, answers: list[bytes], private: dict[str, bytes]) -> None:
    """Environment and arguments of the service's processes are open to its user's every other program."""
    seen = 0
    for process in _processes(instance):
        for name in ("environ", "cmdline"):
            content = (process / name).read_bytes()
            seen += len(content)
            assert holds(content, private) == []
    assert seen > 0


def test_a_crash_would_write_no_memory_to_the_disk(instance: Instance) -> None:
    for process in _processes(instance):
        (line,) = [one for one in (process / "limits").read_text().splitlines() if "core file size" in one]
        assert line.split()[4:6] == ["0", "0"], line


def _processes(instance: Instance) -> list[Path]:
    needle = str(instance.folder).encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if needle in (process / "environ").read_bytes() + (process / "cmdline").read_bytes():
                found.append(process)
        except OSError:
            continue
    assert found, "the service's own process is seen"
    return found
