"""What the key ring costs per question, and what several sessions of a token bring: rows `ring.*` and `pkcs11.*`.

The token is SoftHSM with 5 ms put into each of its calls to sign (python-pkcs11 makes two for a
signature), as a device at the other end of a cable takes; the peer is the
same token through one session.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import SecretStr

from bench.report import Row, rate
from core.clock import SystemClock
from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.registry import BackendRegistry
from keys.backends.software import SoftwareBackend
from keys.keyring import KeyRing
from keys.ports import Signer
from keys.settings import Pkcs11Settings
from keys.spec import SignatureAlgorithm
from keys.stores.sql import open_key_store
from tests.support import token_faults
from tests.support.servers import SoftHsmToken, softhsm_token

DELAY, SESSIONS, CALLERS, SIGNATURES = 0.005, 4, 8, 400
_ES256 = SignatureAlgorithm.ES256


def measure() -> list[Row]:
    """Rows of the ring and, where SoftHSM is installed, of the token."""
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(_ring(Path(folder)))
    with softhsm_token() as token, token_faults.delayed(token.module, DELAY):
        one, several = (_signatures(_signer(token, sessions)) for sessions in (1, SESSIONS))
    return [*rows, rate("pkcs11.sessions", several, "1/s", "one session", one)]


async def _ring(folder: Path) -> list[Row]:
    store = open_key_store(f"sqlite:///{folder}/keys/keyring.db")
    ring = KeyRing(store, bytes(range(32)), BackendRegistry([SoftwareBackend()], default="software"), SystemClock())
    await ring.load()
    signer = await ring.create("oidc.es256", _ES256)
    ring.limit_staleness(dt.timedelta(seconds=120))
    asked, signed = _per_second(lambda: ring.signer("oidc.es256")), _per_second(lambda: signer.sign(b"law"))
    await store.close()
    return [rate("ring.signer", asked, "1/s", "a P-256 signature", signed)]


def _per_second(call: Callable[[], object]) -> float:
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < 1:
        for _ in range(100):
            call()
        count += 100
    return count / spent


def _signer(token: SoftHsmToken, sessions: int) -> Signer:
    settings = Pkcs11Settings(
        module=Path(token.module), token=token.label, pin=SecretStr(token.pin), sessions=sessions, timeout_seconds=30
    )
    backend = Pkcs11Backend(settings)
    made = backend.generate(_ES256, bits=256, label="bench")
    return backend.open(made.uri, _ES256, made.public_key, b"")


def _signatures(signer: Signer) -> float:
    """Signatures per second of time on the wall: what is waited for is the device."""
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(signer.sign, [b"law"] * CALLERS))
        start = time.perf_counter()
        list(pool.map(signer.sign, [b"law"] * SIGNATURES))
        return SIGNATURES / (time.perf_counter() - start)
