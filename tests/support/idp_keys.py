"""A key ring for identity tests: made once for a test run, because RSA keys take their time."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from api.wiring.secrets import SecretServices, build_secrets
from core.clock import Clock
from idp.upstream.credentials import PURPOSE as UPSTREAM
from keys.backends.registry import BackendRegistry
from keys.backends.software import SoftwareBackend
from keys.jose.decryption_keys import ENCRYPTION_PURPOSE
from keys.jose.tokens import TokenSigner, TokenVerifier
from keys.keyring import KeyRing
from keys.ports import PasswordHasher, SecretProvider
from keys.secrets.purposes import ACCESS_TOKENS, SERVICE_SECRETS
from keys.spec import SignatureAlgorithm
from keys.stores.sql import open_key_store
from tests.support.clock import FakeClock

_SECRETS = ("oidc.pairwise", ENCRYPTION_PURPOSE, ACCESS_TOKENS, *SERVICE_SECRETS)
_rings: list[KeyRing] = []


async def make_ring(folder: Path, *, national: bool = False) -> KeyRing:
    """A ring of its own over a store in `folder`; the store is closed, so the ring can no longer change.

    Args:
        national: with the key for tokens by SM2.
    """
    store = open_key_store(f"sqlite:///{folder / 'keyring.db'}")
    ring = KeyRing(store, b"k" * 32, BackendRegistry([SoftwareBackend()], default="software"), FakeClock())
    await ring.load()
    await ring.create("oidc.es256", SignatureAlgorithm.ES256)
    await ring.create("oidc.rs256", SignatureAlgorithm.RS256, bits=2048)
    await ring.create(UPSTREAM, SignatureAlgorithm.ES256)
    if national:
        await ring.create("oidc.sm2", SignatureAlgorithm.SM2_SM3)
    for purpose in _SECRETS:
        await ring.create_secret(purpose)
    await store.close()
    return ring


async def shared_ring() -> KeyRing:
    if not _rings:
        folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="yizheng-test-ring-")
        _rings.append(await make_ring(Path(folder)))
    return _rings[0]


class CountingHasher:
    """Implements `keys.ports.PasswordHasher` without cost; counts how often it was made to work."""

    def __init__(self) -> None:
        self.verified: list[bool] = []  # True where there was a hash to compare with

    async def hash(self, password: str, *, source: str = "") -> str:
        return f"plain:{password}"

    async def verify(self, password: str, encoded: str | None, *, source: str = "") -> bool:
        self.verified.append(encoded is not None)
        return encoded is not None and encoded.removeprefix("old ") == f"plain:{password}"

    def needs_rehash(self, encoded: str) -> bool:
        return encoded.startswith("old ")


_: type[PasswordHasher] = CountingHasher


@dataclass(frozen=True)
class FakeKeys:
    """What `api.wiring.idp` uses of `KeysServices`."""

    ring: KeyRing
    secrets: SecretServices
    passwords: CountingHasher
    signer: TokenSigner
    verifier: TokenVerifier


def keys_on(ring: KeyRing, clock: Clock, secrets: SecretProvider | None = None) -> FakeKeys:
    """On a ring; `secrets` are of a test's own where it wants to turn them."""
    made = build_secrets(secrets or ring)
    return FakeKeys(ring, made, CountingHasher(), TokenSigner(ring), TokenVerifier(ring, clock))
