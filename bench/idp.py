"""Identity endpoints beside npm oidc-provider: one core each for server and load, interleaved, same algorithms.

Ours keeps everything durably in SQLite: a refresh is answered after its rotation is on the disk, and userinfo and
introspection look up family, session, account and revocation each time. The peer keeps everything in a Map in memory.
For client_credentials neither writes. Ours answers a refresh with a JWT access token and an ID token (two ES256
signatures), the peer with an opaque access token and an ID token (one).

Requests per second suffer when other programs use the machine; the `cpu` rows (processor time of the server for one
request) do so much less.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from api.demo.city import LIN, PASSWORD
from api.journey.instance import Instance, free_port
from api.journey.visitor import Visitor
from bench.report import Row, cost, rate

HERE = Path(__file__).parent
SEEDS, ROUNDS, SECONDS, CONNECTIONS = 64, 3, 3, 32
SERVER_CORE, LOAD_CORE = "0", "1"
PEER = "oidc-provider 9.13.3 in memory"
RESULT = re.compile(r"RESULT requests=(\d+) micros=(\d+) p99=(\d+) bad=(\d+)")
CALLBACK = "http://127.0.0.1:9/callback"  # nobody listens there; the code is read from the redirect
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Kind:
    """What is asked for: the name of its row, the load's kind, and the path here and at the peer."""

    name: str
    load: str
    path: str
    peer_path: str


KINDS = (
    Kind("token.client_credentials", "client_credentials", "/token", "/token"),
    Kind("token.refresh_token", "refresh_token", "/token", "/token"),
    Kind("userinfo", "userinfo", "/userinfo", "/me"),
    Kind("introspection", "introspection", "/introspect", "/token/introspection"),
    Kind("jwks", "get", "/jwks", "/jwks"),
    Kind("discovery", "get", "/.well-known/openid-configuration", "/.well-known/openid-configuration"),
)


@dataclass
class Target:
    """A running provider with what the load needs.

    Attributes:
        pid: the serving process.
        auth: the client's credentials as HTTP Basic.
        seeds: refresh tokens, each good for one chain of rotations.
        access: an access token for userinfo.
    """

    base: str
    pid: int
    auth: str
    seeds: list[str]
    access: str

    def processor_seconds(self) -> float:
        """User and system time of the process with all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True)
class Burst:
    """What one burst of load measured."""

    per_second: float
    cpu_micros: float
    p99_millis: float


def measure() -> list[Row]:
    """Rate, processor time and 99th percentile of each kind: medians of interleaved rounds."""
    _require_programs()
    rows = []
    with _ours() as ours, _peer() as peer:
        for kind in KINDS:
            mine, theirs = [], []
            for _ in range(ROUNDS):
                mine.append(_load(ours, kind, kind.path))
                theirs.append(_load(peer, kind, kind.peer_path))
            rows += _rows(kind.name, mine, theirs)
    return rows


def _rows(name: str, mine: list[Burst], theirs: list[Burst]) -> list[Row]:
    def medians(figure: str) -> tuple[float, float]:
        one, other = (statistics.median(getattr(burst, figure) for burst in bursts) for bursts in (mine, theirs))
        return one, other

    (fast, peer_fast), (cpu, peer_cpu), (late, peer_late) = map(medians, ("per_second", "cpu_micros", "p99_millis"))
    return [
        rate(f"idp.{name}", fast, "req/s", PEER, peer_fast),
        cost(f"idp.{name}.cpu", cpu, "µs/req", PEER, peer_cpu),
        cost(f"idp.{name}.p99", late, "ms", PEER, peer_late),
    ]


def _require_programs() -> None:
    for program, remedy in (
        ("wrk", "apt-get install wrk"),
        ("node", "apt-get install nodejs"),
        ("taskset", "apt-get install util-linux"),
    ):
        if shutil.which(program) is None:
            raise SystemExit(f"bin/bench idp needs {program}: {remedy}")
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("bin/bench idp needs two processors: one for the server, one for the load")
    if not (HERE / "node" / "node_modules" / "oidc-provider").is_dir():
        print("Fetching the peer with npm ci ...", file=sys.stderr)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE / "node", check=True, capture_output=True)


def _load(target: Target, kind: Kind, path: str) -> Burst:
    """One bounded burst with wrk.

    Raises:
        SystemExit: an answer was not good, or there were hardly any.
    """
    seeds: list[str] = []
    if kind.load == "refresh_token":
        seeds, target.seeds = target.seeds[:SEEDS], target.seeds[SEEDS:]
    given = {"KIND": kind.load, "PATH": path, "AUTH": target.auth, "TOKEN": target.access, "SEEDS": ",".join(seeds)}
    environment = os.environ | {f"BENCH_{name}": value for name, value in given.items()}
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", "--timeout", "10", "-s", str(HERE / "load.lua")]
    before = target.processor_seconds()
    done = subprocess.run(
        ["taskset", "-c", LOAD_CORE, *wrk, target.base],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS + 60,
    )
    spent = target.processor_seconds() - before
    found = RESULT.search(done.stdout)
    if found is None or int(found[4]) or int(found[1]) < CONNECTIONS:
        raise SystemExit(f"{target.base} {kind.name}: bad answers under load\n{done.stdout[-600:]}")
    requests = int(found[1])
    return Burst(requests / int(found[2]) * 1e6, spent / requests * 1e6, int(found[3]) / 1000)


@contextmanager
def _peer() -> Iterator[Target]:
    port = free_port()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, "node", "peer.mjs", str(port), str(SEEDS * ROUNDS)],
            cwd=HERE / "node",
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = next((line for line in process.stdout if line.startswith("{")), None)
            if line is None:
                log.seek(0)
                raise SystemExit(f"the peer did not start:\n{log.read()[-600:]}")
            said = json.loads(line)
            credentials = _basic(said["client_id"], said["client_secret"])
            yield Target(f"http://127.0.0.1:{port}", process.pid, credentials, said["refresh"], said["access"])
        finally:
            process.terminate()
            process.wait(timeout=10)


@contextmanager
def _ours() -> Iterator[Target]:
    instance = Instance(cpu=SERVER_CORE)
    try:
        instance.command("migrate", "--demo")
        client = instance.register_client(
            {
                "client_id": "bench",
                "name_zh": "压测",
                "name_en": "bench",
                "redirect_uris": [CALLBACK],
                "grant_types": ["client_credentials", "refresh_token", "authorization_code"],
                "scope": "openid offline_access licence:read",
                "id_token_signed_response_alg": "ES256",
                "organisation": "11410199DEMA00001W",
            }
        )
        instance.start()
        seeds, access = _log_in_often(instance.issuer, client, SEEDS * ROUNDS)
        credentials = _basic(client["client_id"], client["client_secret"])
        yield Target(instance.issuer, instance.pid, credentials, seeds, access)
    finally:
        instance.stop()


def _basic(client_id: str, secret: str) -> str:
    return base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def _log_in_often(issuer: str, client: dict[str, str], count: int) -> tuple[list[str], str]:
    """Log in once, then take one token family after another by single sign-on: refresh tokens, an access token."""
    visitor = Visitor()
    tokens, access = [], ""
    try:
        for _ in range(count):
            verifier = secrets.token_urlsafe(48)
            visitor.http.follow_redirects = False
            page = visitor.open(
                f"{issuer}/authorize?response_type=code&client_id=bench&redirect_uri={CALLBACK}&scope=openid+offline_access"
                f"&state=s&code_challenge={create_s256_code_challenge(verifier)}&code_challenge_method=S256"
            )
            location = _walk(visitor, issuer, page.headers["location"])
            code = parse_qs(urlsplit(location).query)["code"][0]
            answer = visitor.http.post(
                f"{issuer}/token",
                auth=(client["client_id"], client["client_secret"]),
                data={
                    "grant_type": "authorization_code",
                    "code": code,
                    "redirect_uri": CALLBACK,
                    "code_verifier": verifier,
                },
            )
            tokens.append(answer.json()["refresh_token"])
            access = answer.json()["access_token"]
    finally:
        visitor.close()
    return tokens, access


def _walk(visitor: Visitor, issuer: str, location: str) -> str:
    """Follow our own redirects, log in and consent where asked; answers the address back at the client."""
    while not location.startswith(CALLBACK):
        page = visitor.open(location if location.startswith("http") else issuer + location)
        if page.status_code == 200:
            form = visitor.form()
            if "password" in form.kinds.values():
                page = visitor.submit(form, **{form.field("text"): LIN.id_number, form.field("password"): PASSWORD})
            else:
                page = visitor.submit(form, decision="grant")
        location = page.headers["location"]
    return location
