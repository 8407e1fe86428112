"""Token endpoint beside npm oidc-provider: one core each for server and load, interleaved, same grant and algorithms.

Ours keeps refresh tokens durably in SQLite and rotates them; the peer keeps everything in a Map in memory. For
client_credentials neither writes. Ours answers a refresh with a JWT access token and an ID token (two ES256
signatures), the peer with an opaque access token and an ID token (one).
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from api.demo.city import LIN, PASSWORD
from api.journey.instance import Instance, free_port
from api.journey.visitor import Visitor
from bench.report import Row, rate

HERE = Path(__file__).parent
SEEDS, ROUNDS, SECONDS, CONNECTIONS = 64, 3, 6, 32
SERVER_CORE, LOAD_CORE = "0", "1"
RESULT = re.compile(r"RESULT requests=(\d+) micros=(\d+) p99=(\d+) bad=(\d+)")
CALLBACK = "http://127.0.0.1:9/callback"  # nobody listens there; the code is read from the redirect


@dataclass
class Target:
    """A running token endpoint with what the load needs."""

    base: str
    auth: str
    seeds: list[str]


def measure() -> list[Row]:
    """Requests per second of both grants; the median of interleaved rounds."""
    for program, remedy in (
        ("wrk", "apt-get install wrk"),
        ("node", "apt-get install nodejs"),
        ("taskset", "apt-get install util-linux"),
    ):
        if shutil.which(program) is None:
            raise SystemExit(f"bin/bench idp needs {program}: {remedy}")
    if not (HERE / "node" / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE / "node", check=True, capture_output=True)
    rows = []
    with _ours() as ours, _peer() as peer:
        for grant in ("client_credentials", "refresh_token"):
            found: dict[str, list[float]] = {"ours": [], "peer": []}
            for _ in range(ROUNDS):
                found["ours"].append(_load(ours, grant))
                found["peer"].append(_load(peer, grant))
            value, other = (statistics.median(found[side]) for side in ("ours", "peer"))
            rows.append(rate(f"idp.token.{grant}", value, "req/s", "oidc-provider 9.13.3 in memory", other))
    return rows


def _load(target: Target, grant: str) -> float:
    """One bounded burst with wrk; answers good requests per second."""
    seeds, target.seeds = target.seeds[:SEEDS], target.seeds[SEEDS:] if grant == "refresh_token" else target.seeds
    environment = os.environ | {"BENCH_GRANT": grant, "BENCH_AUTH": target.auth, "BENCH_SEEDS": ",".join(seeds)}
    command = [
        "taskset",
        "-c",
        LOAD_CORE,
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{SECONDS}",
        "-s",
        str(HERE / "load.lua"),
        f"{target.base}/token",
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=SECONDS + 60)
    found = RESULT.search(done.stdout)
    if found is None or int(found[4]):
        raise SystemExit(f"{target.base} {grant}: bad answers under load\n{done.stdout[-600:]}")
    return int(found[1]) / int(found[2]) * 1e6


@contextmanager
def _peer() -> Iterator[Target]:
    port = free_port()
    process = subprocess.Popen(
        ["taskset", "-c", SERVER_CORE, "node", "peer.mjs", str(port), str(SEEDS * ROUNDS)],
        cwd=HERE / "node",
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith("{"))
        said = json.loads(line)
        yield Target(f"http://127.0.0.1:{port}", _basic(said["client_id"], said["client_secret"]), said["refresh"])
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
        seeds = _refresh_tokens(instance.issuer, client, SEEDS * ROUNDS)
        yield Target(instance.issuer, _basic(client["client_id"], client["client_secret"]), seeds)
    finally:
        instance.stop()


def _basic(client_id: str, secret: str) -> str:
    return base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def _refresh_tokens(issuer: str, client: dict[str, str], count: int) -> list[str]:
    """Log in once, then take one token family after another by single sign-on."""
    visitor = Visitor()
    tokens = []
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
    finally:
        visitor.close()
    return tokens


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
