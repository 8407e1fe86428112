"""Keys for tests: fixed ones that are made once per session, and real rings over a SQLite key store."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from core.clock import Clock
from keys.backends.registry import BackendRegistry
from keys.backends.software import SoftwareBackend
from keys.errors import KeyMissing
from keys.keyring import KeyRing
from keys.ports import KeyProvider, Signer, VerificationKey
from keys.spec import ALGORITHMS, KeyState, SignatureAlgorithm
from keys.stores.sql import SqlKeyStore, open_key_store

ISSUER = "https://id.example.gov.cn"
CLIENT = "portal-a"
MASTER_KEY = bytes(range(32))
OTHER_MASTER_KEY = bytes(range(1, 33))


def quick_size(algorithm: SignatureAlgorithm) -> int:
    """The smallest key that the table allows."""
    return min(size.bits for size in ALGORITHMS[algorithm].sizes)


@functools.cache
def fixed_signer(algorithm: SignatureAlgorithm, name: str = "ours") -> Signer:
    """The same key whenever asked for by the same name; RSA with 2048 bits, because making one is slow."""
    backend = SoftwareBackend()
    made = backend.generate(algorithm, bits=quick_size(algorithm), label=name)
    return backend.open(made.uri, algorithm, made.public_key, made.private)


class FixedKeys:
    """A `KeyProvider` over fixed signers."""

    def __init__(self, signers: Mapping[str, Signer]) -> None:
        self._signers = dict(signers)

    def signer(self, purpose: str) -> Signer:
        if purpose not in self._signers:
            raise KeyMissing(purpose)
        return self._signers[purpose]

    def verification_keys(self, purpose: str) -> Sequence[VerificationKey]:
        if purpose not in self._signers:
            return ()
        signer = self._signers[purpose]
        return (VerificationKey(signer.key_id, signer.algorithm, KeyState.ACTIVE, signer.public_key),)

    async def create(
        self, purpose: str, algorithm: SignatureAlgorithm, *, backend: str | None = None, bits: int | None = None
    ) -> Signer:
        raise NotImplementedError("fixed keys are not made")


_: type[KeyProvider] = FixedKeys


def keys_of_every_algorithm() -> tuple[FixedKeys, dict[SignatureAlgorithm, str]]:
    """A key for each algorithm that may sign tokens, and its purpose."""
    purposes = {algorithm: f"oidc.{algorithm.lower()}" for algorithm, row in ALGORITHMS.items() if row.tokens}
    return FixedKeys({purpose: fixed_signer(algorithm) for algorithm, purpose in purposes.items()}), purposes


def our_keys() -> FixedKeys:
    """The two token keys of the identity provider."""
    return FixedKeys(
        {
            "oidc.es256": fixed_signer(SignatureAlgorithm.ES256),
            "oidc.rs256": fixed_signer(SignatureAlgorithm.RS256),
        }
    )


def id_token_claims(clock: Clock, **changes: Any) -> dict[str, Any]:
    """The claims of a good ID token; None takes a claim away."""
    now = int(clock.now().timestamp())
    claims = {"iss": ISSUER, "sub": "p-1", "aud": CLIENT, "exp": now + 300, "iat": now} | changes
    return {name: value for name, value in claims.items() if value is not None}


def access_token_claims(clock: Clock, **changes: Any) -> dict[str, Any]:
    """The claims of a good access token; None takes a claim away."""
    return id_token_claims(clock, **{"client_id": CLIENT, "jti": "t-1"} | changes)


@asynccontextmanager
async def software_ring(folder: Path, clock: Clock, **options: Any) -> AsyncIterator[tuple[KeyRing, SqlKeyStore]]:
    """A loaded ring over `folder/keys/keyring.db`; call again for a second worker or a restart."""
    store = open_key_store(f"sqlite:///{folder}/keys/keyring.db")
    try:
        backends = BackendRegistry([SoftwareBackend()], default="software")
        ring = KeyRing(store, options.pop("master_key", MASTER_KEY), backends, clock, **options)
        await ring.load()
        yield ring, store
    finally:
        await store.close()
