"""The providers that `bin/bench idp` measures: ours with embedded stores, ours with PostgreSQL and Redis, the peer."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import asyncpg  # type: ignore[import-untyped]  # ships no types
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from api.demo.city import LIN, PASSWORD
from api.journey.instance import Instance, free_port
from api.journey.visitor import Visitor
from bench.idp_load import HERE, LOAD_CORE, Target
from tests.support.servers import PostgresServer, postgres_server, redis_server

SERVER_CORE = "0"
CALLBACK = "http://127.0.0.1:9/callback"  # nobody listens there; the code is read from the redirect
VERIFIER = secrets.token_urlsafe(48)
LEGAL_PERSON = "11410199DEMA00001W"
PEER = "oidc-provider 9.13.3 in memory"


class AssertionKey:
    """The key of a client that authenticates by private_key_jwt with ES256."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def jwk(self) -> dict[str, str]:
        numbers = self._key.public_key().public_numbers()
        x, y = (_base64url(number.to_bytes(32)) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "bench", "alg": "ES256", "use": "sig"}

    def assertions(self, issuer: str, count: int) -> list[str]:
        """So many assertions, each with a `jti` of its own (RFC 7523 §3)."""
        head = _base64url(json.dumps({"alg": "ES256", "kid": "bench"}).encode())
        now = int(time.time())
        claims = {"iss": "bench-jwt", "sub": "bench-jwt", "aud": issuer, "iat": now, "exp": now + 300}
        bodies = (json.dumps(claims | {"jti": secrets.token_hex(12)}).encode() for _ in range(count))
        return [self._signed(f"{head}.{_base64url(body)}") for body in bodies]

    def _signed(self, message: str) -> str:
        r, s = utils.decode_dss_signature(self._key.sign(message.encode(), ec.ECDSA(SHA256())))
        return f"{message}.{_base64url(r.to_bytes(32) + s.to_bytes(32))}"


@contextmanager
def peer(key: AssertionKey) -> Iterator[Target]:
    """npm oidc-provider on the server's core."""
    port = free_port()
    wanted = json.dumps({"port": port, "jwk": key.jwk(), "callback": CALLBACK})
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, "node", "peer.mjs", wanted],
            cwd=HERE / "node",
            env=os.environ | {"NODE_ENV": "production"},
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
            given = _given(said["client_id"], said["client_secret"], said["access"], said["cookie"])
            paths = _paths("/auth", userinfo="/me", introspection="/token/introspection")
            yield Target(f"http://127.0.0.1:{port}", process.pid, given, paths)
        finally:
            process.terminate()
            process.wait(timeout=10)


@contextmanager
def embedded(key: AssertionKey) -> Iterator[Target]:
    """Ours with its own files: every write is on the disk before its answer."""
    with _ours(key, {}) as target:
        yield target


@contextmanager
def cluster(key: AssertionKey) -> Iterator[Target]:
    """Ours with PostgreSQL and Redis, both keeping what they acknowledged; they run on the load's core."""
    with ExitStack() as stack:
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {int(LOAD_CORE)})  # children stay there
        try:
            postgres = stack.enter_context(postgres_server(durable=True))
            redis = stack.enter_context(redis_server(durable=True))
        finally:
            os.sched_setaffinity(0, mine)
        asyncio.run(_make_database(postgres))
        yield stack.enter_context(_ours(key, {"database_url": postgres.url("bench"), "kv_url": redis.url}))


async def _make_database(server: PostgresServer) -> None:
    connection = await asyncpg.connect(server.dsn("postgres"))
    try:
        await connection.execute("CREATE DATABASE bench")
    finally:
        await connection.close()


@contextmanager
def _ours(key: AssertionKey, settings: Mapping[str, str]) -> Iterator[Target]:
    instance = Instance(settings, cpu=SERVER_CORE)
    try:
        instance.command("migrate", "--demo")
        client = instance.register_client(
            {
                "client_id": "bench",
                "name_zh": "压测",
                "name_en": "bench",
                "redirect_uris": [CALLBACK],
                "grant_types": ["client_credentials", "refresh_token", "authorization_code"],
                "scope": "openid licence:read",
                "id_token_signed_response_alg": "ES256",
                "organisation": LEGAL_PERSON,
            }
        )
        instance.register_client(
            {
                "client_id": "bench-jwt",
                "name_zh": "压测",
                "name_en": "bench",
                "grant_types": ["client_credentials"],
                "scope": "licence:read",
                "token_endpoint_auth_method": "private_key_jwt",
                "token_endpoint_auth_signing_alg": "ES256",
                "jwks": {"keys": [key.jwk()]},
                "organisation": LEGAL_PERSON,
            }
        )
        instance.start()
        access, cookie = _log_in(instance.issuer, client)
        given = _given(client["client_id"], client["client_secret"], access, cookie)
        paths = _paths("/authorize", userinfo="/userinfo", introspection="/introspect")
        yield Target(instance.issuer, instance.pid, given, paths)
    finally:
        instance.stop()


def _given(client_id: str, secret: str, access: str, cookie: str) -> dict[str, str]:
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"AUTH": basic, "TOKEN": access, "COOKIE": cookie, "CALLBACK": CALLBACK, "VERIFIER": VERIFIER}


def _paths(authorize: str, **named: str) -> dict[str, str]:
    asked = {
        "response_type": "code",
        "client_id": "bench",
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "prompt": "none",
        "state": "s",
        "nonce": "n",
        "code_challenge": create_s256_code_challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    fixed = {"token": "/token", "jwks": "/jwks", "discovery": "/.well-known/openid-configuration"}
    return {"authorize": f"{authorize}?{urlencode(asked)}", **fixed, **named}


def _log_in(issuer: str, client: Mapping[str, str]) -> tuple[str, str]:
    """Log in by the pages; answers an access token for `openid`, and the session's cookie."""
    visitor = Visitor()
    visitor.http.follow_redirects = False
    try:
        address = issuer + _paths("/authorize")["authorize"].replace("prompt=none&", "")
        location = _walk(visitor, issuer, visitor.open(address).headers["location"])
        answer = visitor.http.post(
            f"{issuer}/token",
            auth=(client["client_id"], client["client_secret"]),
            data={
                "grant_type": "authorization_code",
                "code": parse_qs(urlsplit(location).query)["code"][0],
                "redirect_uri": CALLBACK,
                "code_verifier": VERIFIER,
            },
        )
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
        return answer.json()["access_token"], cookie
    finally:
        visitor.close()


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


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
