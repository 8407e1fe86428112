"""Time-stamps: our authority beside the raw key, `openssl ts -reply` and pyHanko's own time-stamper; interleaved.

Rates are by processor time, so that they hold on a busy machine; only the load over HTTP is timed by the clock.
In process: a request's octets in, an answer's octets out, with every check, a serial number from the store and the log
port. pyHanko's DummyTimeStamper is made for tests and signs by RSA only. `openssl ts -reply` is a process for each
answer: that is how a time-stamping service of OpenSSL is run. Over HTTP: our whole service with its rate limit, on one
core; the load on another. An answer counts only if `openssl ts -verify` accepted one like it first.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pyhanko.version
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

from api.journey.instance import Instance
from bench.report import Row, cost, rate
from core.clock import SystemClock
from keys.backends.software import SoftwareBackend
from keys.ports import Signer
from keys.spec import SignatureAlgorithm
from keys.stores.sql import open_key_store
from keys.stores.tsa import SqlSerialStore
from keys.tsa.authority import TimestampAuthority
from keys.tsa.clock_check import UncheckedClock
from keys.tsa.imprint import imprint_of
from keys.tsa.ports import Issued
from keys.tsa.request import write_request
from keys.tsa.response import QUERY_TYPE
from keys.tsa.serials import Serials
from keys.tsa.units import TimestampUnits
from keys.x509.identifiers import TIMESTAMP_POLICY

ROUNDS, SECONDS, CONNECTIONS = 3, 1.0, 16
ACCURACY = dt.timedelta(seconds=1)
PYHANKO = f"pyHanko {pyhanko.version.__version__} DummyTimeStamper"
OPENSSL = "openssl ts -reply, a process each"
QUERY = write_request(imprint_of(b"bench"), nonce=2**63 + 1)
_KEYS = {
    "p256": (SignatureAlgorithm.ES256, lambda: ec.generate_private_key(ec.SECP256R1())),
    "rsa2048": (SignatureAlgorithm.RS256, lambda: rsa.generate_private_key(65537, 2048)),
}
_OPENSSL = """[tsa]
default_tsa = unit
[unit]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/unit.pem
certs = {folder}/unit.pem
signer_key = {folder}/unit.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class _Unit:
    """One key under a root of its own, in the forms that the three sides take."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.algorithm, make = _KEYS[kind]
        key, now = make(), SystemClock().now()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"bench {kind}")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=3 * 365))
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.certificate = certificate.public_bytes(Encoding.DER)
        self.signer: Signer = SoftwareBackend().open("software:bench", self.algorithm, public, private)
        self.private = private
        self.folder = folder / kind
        self.folder.mkdir()
        (self.folder / "unit.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (self.folder / "unit.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        (self.folder / "serial").write_text("01\n")
        (self.folder / "tsa.cnf").write_text(_OPENSSL.format(folder=self.folder))
        (self.folder / "query.tsq").write_bytes(QUERY)

    def openssl_reply(self) -> None:
        files = ["-queryfile", "query.tsq", "-config", "tsa.cnf", "-out", "reply.tsr"]
        subprocess.run(["openssl", "ts", "-reply", *files], cwd=self.folder, check=True, capture_output=True)

    def pyhanko(self) -> Callable[[], object]:
        stamper = DummyTimeStamper(
            asn1_x509.Certificate.load(self.certificate), asn1_keys.PrivateKeyInfo.load(self.private)
        )
        request = tsp.TimeStampReq.load(QUERY)
        return lambda: stamper.request_tsa_response(request).dump()

    def accepted(self, answer: bytes) -> bool:
        (self.folder / "ours.tsr").write_bytes(answer)
        files = ["-in", "ours.tsr", "-queryfile", "query.tsq", "-CAfile", "unit.pem"]
        done = subprocess.run(["openssl", "ts", "-verify", *files], cwd=self.folder, capture_output=True, check=False)
        return done.returncode == 0

    async def chain(self, purpose: str, key_id: str) -> tuple[bytes, ...]:
        return (self.certificate,)

    async def certify(self, purpose: str, key_id: str, public_key: bytes) -> None:
        raise NotImplementedError("keys are not made while measuring")


class _Keys:
    """A `KeyProvider` with one key."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def signer(self, purpose: str) -> Signer:
        return self._signer

    def verification_keys(self, purpose: str) -> tuple[()]:
        return ()

    async def create(self, purpose: str, *_: object, **__: object) -> Signer:
        raise NotImplementedError("keys are not made while measuring")


class _NoLog:
    def issued(self, token: Issued) -> None:
        return


def measure() -> list[Row]:
    """Time-stamps per second: in process by key, then over HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        units = {kind: _Unit(kind, Path(folder)) for kind in _KEYS}
        rows = [row for kind, unit in units.items() for row in asyncio.run(_in_process(kind, unit, Path(folder)))]
        return rows + _over_http(units["p256"])


async def _in_process(kind: str, unit: _Unit, folder: Path) -> list[Row]:
    async with AsyncExitStack() as stack:
        store = open_key_store(f"sqlite:///{folder}/{kind}.db")
        stack.push_async_callback(store.close)
        await store.open(bytes(16))
        authority = _authority(unit, SqlSerialStore(store.engine))
        if not unit.accepted(await authority.answer(QUERY)):
            raise SystemExit(f"{kind}: openssl does not accept our token")
        theirs = unit.pyhanko() if kind == "rsa2048" else None
        ours: list[float] = []
        raw: list[float] = []
        processes: list[float] = []
        dummy: list[float] = []
        for _ in range(ROUNDS):
            ours.append(await _rate_of_answers(authority))
            raw.append(_rate(lambda: unit.signer.sign(QUERY)))
            processes.append(_rate(unit.openssl_reply))
            if theirs is not None:
                dummy.append(_rate(theirs))
    name = "tsa" if kind == "p256" else f"tsa.{kind}"
    fast = statistics.median(ours)
    rows = [
        rate(name, fast, "tokens/s", OPENSSL, statistics.median(processes)),
        rate(f"{name}.raw", fast, "tokens/s", f"raw {kind} signature", statistics.median(raw)),
    ]
    if dummy:
        rows.append(rate(f"{name}.pyhanko", fast, "tokens/s", PYHANKO, statistics.median(dummy)))
    return rows


def _authority(unit: _Unit, serials: SqlSerialStore) -> TimestampAuthority:
    clock = SystemClock()
    units = TimestampUnits(_Keys(unit.signer), unit, clock, policy=TIMESTAMP_POLICY, accuracy=ACCURACY)
    return TimestampAuthority(
        units,
        Serials(serials, clock, tolerance=ACCURACY),
        clock,
        policy=TIMESTAMP_POLICY,
        accuracy=ACCURACY,
        clock_check=UncheckedClock(),
        log=_NoLog(),
    )


async def _rate_of_answers(authority: TimestampAuthority) -> float:
    begun, count = _spent(), 0
    while (spent := _spent() - begun) < SECONDS:
        for _ in range(10):
            await authority.answer(QUERY)
        count += 10
    return count / spent


def _rate(work: Callable[[], object]) -> float:
    begun, count = _spent(), 0
    while (spent := _spent() - begun) < SECONDS:
        work()
        count += 1
    return count / spent


def _spent() -> float:
    """Processor seconds of this process, its threads, and processes of its own that have ended."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def _over_http(unit: _Unit) -> list[Row]:
    """The service on one core, the load on another; openssl's processes in turn with it."""
    instance = Instance({"timestamps_per_minute": "100000000", "demo": "false"}, cpu="0")
    try:
        instance.command("migrate")
        instance.start()
        fast, processor, processes = [], [], []
        for _ in range(ROUNDS):
            before = _processor_seconds(instance.pid)
            per_second, count = asyncio.run(_load(instance.issuer))
            fast.append(per_second)
            processor.append((_processor_seconds(instance.pid) - before) / count * 1e6)
            processes.append(_rate(unit.openssl_reply))
    finally:
        instance.stop()
    peer = statistics.median(processes)
    return [
        rate("tsa.http", statistics.median(fast), "tokens/s", OPENSSL, peer),
        cost("tsa.http.cpu", statistics.median(processor), "µs/token", OPENSSL, 1e6 / peer),
    ]


async def _load(base: str) -> tuple[float, int]:
    """Requests per second and their number, over connections that are kept."""
    parts = urlsplit(base)
    head = f"POST /pki/tsa HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {QUERY_TYPE}\r\n"
    message = f"{head}Content-Length: {len(QUERY)}\r\n\r\n".encode() + QUERY
    assert parts.hostname is not None

    async def ask_on() -> int:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        count = 0
        while time.perf_counter() - begun < SECONDS:
            writer.write(message)
            answer = await reader.readuntil(b"\r\n\r\n")
            size = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(size)
            if size < 300 or not answer.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"not a token: {answer[:60]!r} {body[:80]!r}")
            count += 1
        writer.close()
        return count

    begun = time.perf_counter()
    total = sum(await asyncio.gather(*(ask_on() for _ in range(CONNECTIONS))))
    return total / (time.perf_counter() - begun), total


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
