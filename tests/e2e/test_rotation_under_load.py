"""K-03: keys change while two workers serve and others verify. No token is refused; one of a leaked key is, in time.

Relying parties keep the JWK Set as long as its Cache-Control says and never look before: the hardest case. Time runs a
hundred times faster for them, so that the five minutes of a copy are three seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from api.cli.client_commands import register
from api.cli.prepare import prepare
from api.journey.instance import Instance
from api.settings import Settings
from api.wiring.keys import KeysServices, build_keys
from core.clock import SystemClock
from keys.errors import KeyStateConflict
from keys.spec import KeyState
from tests.support import databases
from tests.support.servers import PostgresServer, RedisServer, free_port

pytestmark = pytest.mark.slow

PURPOSE = "oidc.es256"
FASTER = 100  # how much faster time runs for relying parties
TOKEN_SECONDS = 2.0  # how long they use a token
REFRESH = 0.5
ROTATIONS = 4


@dataclass
class Service:
    """Two workers on one PostgreSQL and one Redis."""

    workers: list[str]
    keys: KeysServices
    client: tuple[str, str]
    http: httpx.AsyncClient

    async def token(self, worker: str) -> str:
        answer = await self.http.post(
            f"{worker}/token", data={"grant_type": "client_credentials", "scope": "licence:verify"}, auth=self.client
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def active(self, worker: str, token: str) -> bool:
        answer = await self.http.post(f"{worker}/introspect", data={"token": token}, auth=self.client)
        assert answer.status_code == 200, answer.text
        return bool(answer.json()["active"])

    async def published(self, worker: str) -> set[str]:
        return {key["kid"] for key in (await self.http.get(f"{worker}/jwks")).json()["keys"]}

    async def until(self, holds: Callable[[str], Awaitable[bool]]) -> None:
        """Wait until something holds at every worker."""
        async with asyncio.timeout(120):
            for worker in self.workers:
                while not await holds(worker):
                    await asyncio.sleep(0.05)


@dataclass
class RelyingParty:
    """Verifies tokens under its copy of the JWK Set."""

    service: Service
    worker: str
    looked_at: float = 0.0
    good: int = 0
    bad: list[str] = field(default_factory=list)
    held: deque[tuple[float, str]] = field(default_factory=deque)
    _keys: KeySet | None = None
    _until: float = 0.0

    async def verify_for_ever(self, number: int) -> None:
        while True:
            issuer = self.service.workers[number % len(self.service.workers)]
            number += 1
            self.held.append((time.monotonic(), await self.service.token(issuer)))
            while self.held and time.monotonic() - self.held[0][0] > TOKEN_SECONDS:
                self.held.popleft()
            await self._look()
            for _, token in self.held:
                self._verify(token)
            if not await self.service.active(self.worker, self.held[-1][1]):
                self.bad.append(f"worker {self.worker} does not accept a token of {issuer}")
            await asyncio.sleep(0.02)

    async def _look(self) -> None:
        if time.monotonic() < self._until:
            return
        asked_at = time.monotonic()
        answer = await self.service.http.get(f"{self.worker}/jwks")
        seconds = re.search(r"max-age=(\d+)", answer.headers["cache-control"])
        assert seconds is not None
        self._keys = KeySet.import_key_set(answer.json())
        self.looked_at, self._until = asked_at, asked_at + int(seconds[1]) / FASTER

    def _verify(self, token: str) -> None:
        assert self._keys is not None
        try:
            jwt.decode(token, self._keys, algorithms=["ES256"])
            self.good += 1
        except (JoseError, ValueError) as error:
            self.bad.append(f"{type(error).__name__}: {error}")


@contextlib.asynccontextmanager
async def _service(folder: Path, postgres: PostgresServer, redis: RedisServer) -> AsyncIterator[Service]:
    async with (
        databases.postgres_url(postgres) as domain,
        databases.postgres_url(postgres) as keys_url,
        contextlib.AsyncExitStack() as stack,
    ):
        ports = [free_port(), free_port()]
        given = {
            "data": str(folder),
            "issuer": f"http://127.0.0.1:{ports[0]}",
            "database_url": domain,
            "keys_url": keys_url,
            "kv_url": redis.url,
            "keys_refresh_seconds": str(REFRESH),
        }
        settings = Settings(**given)  # type: ignore[arg-type]  # as the environment would give them
        folder.mkdir()
        await prepare(settings)
        description = {
            "name_zh": "压力",
            "name_en": "Load",
            "grant_types": ["client_credentials"],
            "scope": "licence:verify",
            "access_token_format": "jwt",  # relying parties verify them by themselves
        }
        (made,) = await register(settings, [description])
        client = json.loads(made)
        keys = await build_keys(settings.keys, SystemClock())
        stack.push_async_callback(keys.close)
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=120))
        service = Service(
            [f"http://127.0.0.1:{port}" for port in ports], keys, (client["client_id"], client["client_secret"]), http
        )
        for port in ports:
            stack.enter_context(_worker(folder / f"{port}.log", port, given))
        await service.until(lambda worker: _answers(http, worker))
        yield service


async def _answers(http: httpx.AsyncClient, worker: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return (await http.get(f"{worker}/health/ready")).status_code == 200
    return False


@contextlib.contextmanager
def _worker(log: Path, port: int, settings: dict[str, str]) -> Iterator[None]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YIZHENG_")}
    with log.open("wb") as output:
        environment = kept | {f"YIZHENG_{name.upper()}": value for name, value in settings.items()}
        process = Instance.processes.start(("serve", "--port", str(port)), environment, output)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _rotated(service: Service, parties: list[RelyingParty]) -> None:
    """One rotation, in the order of the schedule; each wait is for what the schedule's times stand for."""
    ring = service.keys.ring
    former = ring.signer(PURPOSE).key_id
    following = await ring.prepare_next(PURPOSE)
    assert following is not None
    await service.until(lambda worker: _published(service, worker, following.key_id))
    seen = time.monotonic()
    await _all(parties, lambda party: party.looked_at > seen)  # every copy of the JWK Set is newer than the key
    await ring.rotate(PURPOSE, at_once=True)
    await service.until(lambda worker: _signs_with(service, worker, following.key_id))
    used = time.monotonic()
    await _all(parties, lambda party: bool(party.held) and party.held[0][0] > used)  # the last token of before is past
    await ring.retire(former)
    await service.until(lambda worker: _forgotten(service, worker, former))


async def _published(service: Service, worker: str, key_id: str) -> bool:
    return key_id in await service.published(worker)


async def _forgotten(service: Service, worker: str, key_id: str) -> bool:
    return key_id not in await service.published(worker)


async def _signs_with(service: Service, worker: str, key_id: str) -> bool:
    return _kid(await service.token(worker)) == key_id


def _kid(token: str) -> str:
    return str(extract_compact(token.encode()).headers()["kid"])


async def _all(parties: list[RelyingParty], holds: Callable[[RelyingParty], bool]) -> None:
    async with asyncio.timeout(30):
        while not all(holds(party) for party in parties):
            await asyncio.sleep(0.02)


async def test_k03_no_token_is_refused_while_keys_change(
    tmp_path: Path, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    async with _service(tmp_path / "data", postgres_server, redis_server) as service:
        parties = [RelyingParty(service, service.workers[number % 2]) for number in range(4)]
        work = [asyncio.create_task(party.verify_for_ever(number)) for number, party in enumerate(parties)]
        try:
            await _all(parties, lambda party: party.good > 0)
            before = {record.key_id for record in service.keys.ring.records() if record.purpose == PURPOSE}
            for _ in range(ROTATIONS):
                await _rotated(service, parties)
            assert not any(task.done() for task in work), [task for task in work if task.done()]
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        now = {record.key_id for record in service.keys.ring.records() if record.purpose == PURPOSE}
        assert not before & now
        assert [party.bad for party in parties] == [[], [], [], []]
        assert sum(party.good for party in parties) > 100


async def test_k03_a_leaked_key_is_accepted_by_no_worker_after_the_stated_time(
    tmp_path: Path, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    async with _service(tmp_path / "data", postgres_server, redis_server) as service:
        forged = await service.token(service.workers[0])  # as good as any that its thief may sign
        leaked = _kid(forged)
        for worker in service.workers:
            assert await service.active(worker, forged)
        await service.keys.ring.refresh()
        following = await service.keys.ring.revoke(leaked)
        assert following is not None
        promise = service.keys.settings.known_seconds
        assert promise == REFRESH + 5
        async with asyncio.timeout(4 * promise):  # the promise, with room for a machine that does other things too
            for worker in service.workers:
                while await service.active(worker, forged):
                    await asyncio.sleep(0.05)
        for worker in service.workers:
            assert leaked not in await service.published(worker)
            fresh = await service.token(worker)
            assert _kid(fresh) == following
            assert all([await service.active(other, fresh) for other in service.workers])  # the legitimate twin
        records = [one for one in service.keys.ring.records() if one.purpose == PURPOSE]
        assert [record.state for record in records] == [KeyState.ACTIVE]
        with pytest.raises(KeyStateConflict):
            await service.keys.ring.revoke(leaked)
