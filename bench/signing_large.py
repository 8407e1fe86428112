"""A scanned volume of 500 MB through the whole service, over HTTP: sealed, kept, fetched again, judged.

What counts is how far the memory of the service grows above idle, at its highest (the kernel's own mark, with that of
the children), while the volume is uploaded, pre-scanned, sealed, encrypted in parts, stored, and streamed back; and how
long small files wait meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # ships no types
import httpx

from api.demo import city
from api.journey.instance import Instance
from api.journey.paper import plain_pdf
from bench.report import Told, cost
from core.files.scratch import Scratch, ScratchFile
from tests.support import servers
from tests.support.large_files import volume

OCTETS = 500_000_000
AIM_MB = 150.0
_MIB = 1 << 20
_WARM = 3
_PLACE = {"page": "1", "x_mm": "120", "y_mm": "200"}


def measure(told: Told) -> None:
    """Peak memory above idle, seconds of each step, and what a small file waits beside a large one."""
    with tempfile.TemporaryDirectory(prefix="yizheng-large-") as folder:
        content = volume(OCTETS, Path(folder))
        _in_a_folder(told, content, Path(folder))
        _in_a_bucket(told, content, Path(folder))


def _in_a_folder(told: Told, content: ScratchFile, folder: Path) -> None:
    with _service({}) as instance:
        _through(told, instance, content, folder, "folder")
        _beside(told, instance, content)


def _in_a_bucket(told: Told, content: ScratchFile, folder: Path) -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it would tell of every part
    with servers.s3_server() as server:
        keys = {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key}
        boto3.client(
            "s3",
            endpoint_url=server.endpoint,
            region_name=server.region,
            aws_access_key_id=server.access_key,
            aws_secret_access_key=server.secret_key,
        ).create_bucket(Bucket="documents")
        os.environ.update(keys)
        try:
            settings = {"blobs_url": "s3://documents", "s3_endpoint": server.endpoint, "s3_region": server.region}
            with _service(settings) as instance:
                _through(told, instance, content, folder, "s3")
        finally:
            for name in keys:
                del os.environ[name]


@contextmanager
def _service(settings: Mapping[str, str]) -> Iterator[Instance]:
    instance = Instance(settings)
    try:
        instance.command("migrate", "--demo")
        instance.start()
        yield instance
    finally:
        instance.stop()


class _Caller:
    """The housing office's system, and its seal."""

    def __init__(self, instance: Instance) -> None:
        self.http = httpx.Client(base_url=instance.issuer, trust_env=False, timeout=600)
        client = city.HOUSING_SYSTEM
        scopes = " ".join(scope for scope in client.scopes if ":" in scope)
        form = {"grant_type": "client_credentials", "scope": scopes}
        answer = self.http.post("/token", auth=(client.id, client.secret), data=form).raise_for_status()
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        seals = self.http.get("/v1/seals", headers=self.headers).raise_for_status().json()["items"]
        self.seal = next(one["id"] for one in seals if one["organisation"] == city.HOUSING.code)

    def sealing(self, content: Any) -> tuple[str, httpx.Response]:
        headers = {**self.headers, "Accept": "application/json"}
        answer = self.http.post(
            "/v1/signatures",
            data={"seal": self.seal, **_PLACE},
            files={"pdf": ("volume.pdf", content, "application/pdf")},
            headers=headers,
        ).raise_for_status()
        return answer.json()["file"], answer


def _through(told: Told, instance: Instance, content: ScratchFile, folder: Path, vault: str) -> None:
    caller = _Caller(instance)
    for _ in range(_WARM):  # what is loaded once is loaded now
        caller.sealing(plain_pdf("warm"))
    idle = instance.resident_megabytes() + _of_children(instance.pid)
    with _Peak(instance.pid) as peak:
        began = time.perf_counter()
        place, _ = caller.sealing(content.stream())
        sealed_at = time.perf_counter()
        fetched = _fetched(caller, place, folder)
        fetched_at = time.perf_counter()
        judged = caller.http.post("/v1/signature-verifications", files={"pdf": ("volume.pdf", fetched.stream())})
        judged_at = time.perf_counter()
    if (
        judged.raise_for_status().json()["conclusion"] != "genuine"
        or fetched.head(len(content)).hashed("sha256").digest() != content.hashed("sha256").digest()
    ):
        raise SystemExit("the volume did not come back sealed")
    told(
        cost(f"memory.500mb.{vault}", peak.megabytes - idle, "MB above idle", "aim", AIM_MB),
        cost(f"large.500mb.{vault}.seal", sealed_at - began, "s", "one pass of SHA-256", _one_pass(content)),
        cost(f"large.500mb.{vault}.fetch", fetched_at - sealed_at, "s", "one pass of SHA-256", _one_pass(content)),
        cost(f"large.500mb.{vault}.verify", judged_at - fetched_at, "s", "one pass of SHA-256", _one_pass(content)),
    )


def _fetched(caller: _Caller, place: str, folder: Path) -> ScratchFile:
    made = Scratch(folder).create()
    with caller.http.stream("GET", place, headers=caller.headers) as answer:
        answer.raise_for_status()
        for part in answer.iter_bytes(_MIB):
            made.write(part)
    return made.done()


def _one_pass(content: ScratchFile) -> float:
    running, began = hashlib.sha256(), time.perf_counter()
    for part in content.slices():
        running.update(part)
    return time.perf_counter() - began


def _beside(told: Told, instance: Instance, content: ScratchFile) -> None:
    """How long small files take: alone, and while large ones come one after the other (attacks S-57)."""
    caller, small = _Caller(instance), plain_pdf("small")
    alone = _waits(caller, small, lambda: False, at_least=60)
    done = threading.Event()

    def send() -> None:
        try:
            _Caller(instance).sealing(content.stream())
        finally:
            done.set()

    sender = threading.Thread(target=send)
    sender.start()
    beside = _waits(caller, small, lambda: not done.is_set(), at_least=20)
    sender.join()
    told(cost("large.beside.p99", _p99(beside) * 1000, "ms", "small files alone, p99", _p99(alone) * 1000))


def _waits(caller: _Caller, small: bytes, going: Any, *, at_least: int) -> list[float]:
    out: list[float] = []
    while len(out) < at_least or going():
        began = time.perf_counter()
        caller.sealing(small)
        out.append(time.perf_counter() - began)
    return out


def _p99(values: list[float]) -> float:
    return sorted(values)[math.ceil(len(values) * 0.99) - 1]


class _Peak:
    """The highest resident memory of a process, and of its children together, while the block runs."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._children = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.megabytes = 0.0

    def __enter__(self) -> _Peak:
        Path(f"/proc/{self._pid}/clear_refs").write_text("5")  # the mark begins anew (proc(5))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.megabytes = _megabytes(self._pid, "VmHWM:") + self._children

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self._children = max(self._children, _of_children(self._pid))


def _of_children(pid: int) -> float:
    return sum(_megabytes(one, "VmRSS:") for one in _children(pid))


def _children(pid: int) -> list[int]:
    try:
        own = [
            int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return own + [further for one in own for further in _children(one)]


def _megabytes(pid: int, mark: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(mark)), 0.0)
