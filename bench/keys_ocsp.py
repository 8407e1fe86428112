"""OCSP answers: our responder beside the raw key and beside `openssl ocsp` as a server; interleaved.

In process: a request's octets in, an answer's octets out. `ocsp` is asked again about certificates whose answers it
has signed; `ocsp.nonce` signs each answer freshly. Rates are by processor time. Over HTTP both are servers on one
core, asked by the same load on another: ours keeps its connections, openssl closes each, and signs each answer.
An answer counts only if `openssl ocsp` accepted one like it first.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from api.journey.instance import Instance, free_port
from api.settings import Settings
from api.wiring.keys import KeysServices, build_keys
from api.wiring.pki import PkiServices, build_pki
from bench.report import Row, cost, rate
from core.clock import SystemClock
from keys.x509.files import to_pem
from keys.x509.issue import Wanted
from keys.x509.names import machine_name
from keys.x509.profiles import TLS_CLIENT

ROUNDS, SECONDS, CONNECTIONS, CERTIFICATES = 3, 1.0, 16, 64
RAW, SERVER = "raw P-256 signature", "openssl ocsp server"
REQUEST_TYPE = "application/ocsp-request"


@dataclass
class _Asked:
    """Requests about certificates of one authority, and what openssl needs to answer them too."""

    plain: list[bytes]
    nonce: list[bytes]
    issuer: bytes
    root: bytes
    index: str


def measure() -> list[Row]:
    """Answers per second: in process, then over HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_in_process(Path(folder))) + _over_http(Path(folder))


async def _in_process(folder: Path) -> list[Row]:
    async with AsyncExitStack() as stack:
        keys, pki = await _services(Settings(data=folder / "in-process"), stack)
        await pki.ensure_development()
        asked = await _certificates(pki)
        responder, signer = pki.responder, keys.ring.signer("ca.machines")
        for request in (*asked.plain, *asked.nonce):
            _check((await responder.answer("machines", request)).der)
        kept, fresh, raw = [], [], []
        for _ in range(ROUNDS):
            kept.append(await _rate_of(lambda request: responder.answer("machines", request), asked.plain))
            fresh.append(await _rate_of(lambda request: responder.answer("machines", request), asked.nonce))
            raw.append(_rate(lambda: signer.sign(asked.issuer)))
    limit = statistics.median(raw)
    return [
        rate("ocsp", statistics.median(kept), "answers/s", RAW, limit),
        rate("ocsp.nonce", statistics.median(fresh), "answers/s", RAW, limit),
    ]


async def _services(settings: Settings, stack: AsyncExitStack) -> tuple[KeysServices, PkiServices]:
    settings.folder.mkdir(exist_ok=True)
    keys = await build_keys(settings.keys, SystemClock())
    stack.push_async_callback(keys.close)
    return keys, await build_pki(keys, SystemClock(), settings.pki)


async def _certificates(pki: PkiServices) -> _Asked:
    authority = pki.authorities.issuing("machines")
    issuer = x509.load_der_x509_certificate(authority.der)
    asked = _Asked([], [], authority.der, authority.chain[-1], "")
    for number in range(CERTIFICATES):
        key = ec.generate_private_key(ec.SECP256R1()).public_key()
        public = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        subject = machine_name(organisation_name="bench", identifier=f"m{number}")
        record = await pki.issue(Wanted(TLS_CLIENT, subject, public))
        builder = ocsp.OCSPRequestBuilder().add_certificate(
            x509.load_der_x509_certificate(record.der), issuer, hashes.SHA1()
        )
        asked.plain.append(builder.build().public_bytes(serialization.Encoding.DER))
        nonced = builder.add_extension(x509.OCSPNonce(bytes(range(16))), False).build()
        asked.nonce.append(nonced.public_bytes(serialization.Encoding.DER))
        asked.index += f"V\t491231235959Z\t\t{record.number:X}\tunknown\t/CN=m{number}\n"
    return asked


def _check(answer: bytes) -> None:
    read = ocsp.load_der_ocsp_response(answer)
    if read.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL or read.certificate_status.name != "GOOD":
        raise SystemExit("not an answer that says good")


async def _rate_of(work: Callable[[bytes], Awaitable[object]], requests: list[bytes]) -> float:
    begun, count = time.process_time(), 0
    while (spent := time.process_time() - begun) < SECONDS:
        for request in requests:
            await work(request)
        count += len(requests)
    return count / spent


def _rate(work: Callable[[], object]) -> float:
    begun, count = time.process_time(), 0
    while (spent := time.process_time() - begun) < SECONDS:
        for _ in range(10):
            work()
        count += 10
    return count / spent


def _over_http(folder: Path) -> list[Row]:
    """Our whole service, and openssl's server, on one core; the load on another."""
    instance = Instance({"ocsp_per_minute": "100000000", "demo": "false"}, cpu="0")
    try:
        instance.command("migrate")
        asked = asyncio.run(_issued(instance))
        instance.start()
        with _OpensslServer(folder, asked) as peer:
            path = "/pki/ocsp/machines"
            _accepted(folder, f"{instance.issuer}{path}", asked)
            figures: dict[str, list[float]] = {"plain": [], "nonce": [], "peer": [], "cpu": [], "peer cpu": []}
            asyncio.run(_load(instance.issuer, path, asked.plain, keep=True))  # each is signed once
            for _ in range(ROUNDS):
                before = _processor_seconds(instance.pid)
                per_second, count = asyncio.run(_load(instance.issuer, path, asked.plain, keep=True))
                figures["plain"].append(per_second)
                figures["cpu"].append((_processor_seconds(instance.pid) - before) / count * 1e6)
                figures["nonce"].append(asyncio.run(_load(instance.issuer, path, asked.nonce, keep=True))[0])
                before = _processor_seconds(peer.pid)
                per_second, count = asyncio.run(_load(peer.url, "/", asked.nonce, keep=False))
                figures["peer"].append(per_second)
                figures["peer cpu"].append((_processor_seconds(peer.pid) - before) / count * 1e6)
    finally:
        instance.stop()
    median = {name: statistics.median(values) for name, values in figures.items()}
    return [
        rate("ocsp.http", median["plain"], "answers/s", SERVER, median["peer"]),
        rate("ocsp.http.nonce", median["nonce"], "answers/s", SERVER, median["peer"]),
        cost("ocsp.http.cpu", median["cpu"], "µs/answer", SERVER, median["peer cpu"]),
    ]


async def _issued(instance: Instance) -> _Asked:
    async with AsyncExitStack() as stack:
        settings = Settings(data=instance.folder, issuer=instance.issuer)
        _, pki = await _services(settings, stack)
        return await _certificates(pki)


class _OpensslServer:
    """`openssl ocsp` answering for the same certificates, with a responder's key of its own."""

    def __init__(self, folder: Path, asked: _Asked) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        (folder / "index").write_text(asked.index)
        (folder / "issuer").write_text(to_pem(asked.issuer))
        (folder / "root").write_text(to_pem(asked.root))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
             "key", "-out", "signer", "-subj", "/CN=responder"],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        port = str(urlsplit(self.url).port)
        command = ["taskset", "-c", "0", "openssl", "ocsp", "-index", "index", "-port", port, "-CA", "issuer"]
        self._log = folder / "server.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "-rsigner", "signer", "-rkey", "key"], cwd=folder, stdout=log, stderr=log
            )
        self.pid = self._process.pid

    def __enter__(self) -> _OpensslServer:
        for _ in range(100):  # a mere knock at its door would make it wait for that caller's request
            if b"waiting for" in self._log.read_bytes():
                return self
            time.sleep(0.05)
        self.__exit__()  # it would go on for ever
        raise SystemExit("openssl's server does not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def _accepted(folder: Path, url: str, asked: _Asked) -> None:
    (folder / "request").write_bytes(asked.nonce[0])
    command = ["openssl", "ocsp", "-reqin", "request", "-url", url, "-CAfile", "root", "-verify_other", "issuer"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if "Response verify OK" not in done.stdout + done.stderr:
        raise SystemExit(f"openssl does not accept our answer: {done.stdout}{done.stderr}")


async def _load(base: str, path: str, requests: list[bytes], *, keep: bool) -> tuple[float, int]:
    """Answers per second and their number."""
    parts = urlsplit(base)
    messages = [
        f"POST {path} HTTP/1.{'1' if keep else '0'}\r\nHost: {parts.netloc}\r\nContent-Type: {REQUEST_TYPE}\r\n"
        f"Content-Length: {len(request)}\r\n\r\n".encode()
        + request
        for request in requests
    ]

    async def ask_on(first: int) -> int:
        count, connection = 0, None
        while time.perf_counter() - begun < SECONDS:
            if connection is None or not keep:
                connection = await asyncio.open_connection(parts.hostname, parts.port)
            reader, writer = connection
            writer.write(messages[(first + count) % len(messages)])
            answer = await reader.readuntil(b"\r\n\r\n")
            size = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(size)
            if size < 200 or b" 200 " not in answer[:20]:
                raise SystemExit(f"not an answer: {answer[:60]!r} {body[:80]!r}")
            if not keep:
                writer.close()
                await writer.wait_closed()
            count += 1
        return count

    begun = time.perf_counter()
    total = sum(await asyncio.gather(*(ask_on(number * 7) for number in range(CONNECTIONS if keep else 1))))
    return total / (time.perf_counter() - begun), total


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
