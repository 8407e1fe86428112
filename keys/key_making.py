"""Makes keys for the ring: on their device, sealed, and checked against the algorithm table; stores nothing."""

from __future__ import annotations

import asyncio
import re
import secrets

from core.clock import Clock
from keys.errors import AlgorithmNotOffered, KeyRefused
from keys.jose.jwk import thumbprint
from keys.key_wrap import KeyWrap
from keys.libcrypto.library import libcrypto
from keys.ports import CanAdopt, KeyBackend, KeyBackends, KeyRecord
from keys.primitives.registry import primitive
from keys.profile import Profile
from keys.spec import ALGORITHMS, SECRETS, KeyState, SignatureAlgorithm, uses_of
from keys.verification import load_verification_key

_PURPOSE = re.compile(r"[a-z][a-z0-9-]*([./][A-Za-z0-9_-]+)*")
_SECRET_SIZE = 32
_IN_MEMORY = "software"  # scheme of the backend that computes with this machine's libraries


class KeyMaker:
    """Drafts of keys: records that are ready for the store.

    Args:
        wrap: seals private parts.
        profile: decides of what kind a new secret is.
    """

    def __init__(
        self, wrap: KeyWrap, backends: KeyBackends, clock: Clock, profile: Profile = Profile.INTERNATIONAL
    ) -> None:
        self.wrap = wrap
        self._backends = backends
        self._clock = clock
        self._profile = profile

    async def draft(
        self, purpose: str, algorithm: SignatureAlgorithm, state: KeyState, *, scheme: str | None, bits: int | None
    ) -> KeyRecord:
        """A new key, on its device already but not yet in the store: keep it or `discard` it.

        Raises:
            KeyRefused: the table or the backend does not allow it.
            KeyUnavailable: the device does not answer.
        """
        check_purpose(purpose)
        bits = bits or ALGORITHMS[algorithm].bits
        backend = self._backends.making(scheme)
        await self._check_allowed(purpose, algorithm, bits, backend)
        made = await asyncio.to_thread(backend.generate, algorithm, bits=bits, label=purpose)
        key_id = thumbprint(made.public_key, algorithm)
        return self.sealed(key_id, purpose, str(algorithm), state, made.uri, made.public_key, made.private)

    async def check_offered(self, algorithm: SignatureAlgorithm, *, scheme: str | None) -> None:
        """Whether a new key of this algorithm could be made there.

        Raises:
            LibraryMissing: in software it could, with the library that this machine lacks.
            AlgorithmNotOffered
            KeyRefused: no such backend is configured.
            KeyUnavailable: the device does not answer.
        """
        backend = self._backends.making(scheme)
        if algorithm in await asyncio.to_thread(backend.algorithms):
            return
        if backend.scheme == _IN_MEMORY:
            libcrypto()  # says what is missing
        raise AlgorithmNotOffered(f"the backend {backend.scheme!r} makes no keys for {algorithm}")

    async def following(
        self, active: KeyRecord, state: KeyState, *, scheme: str | None = None, bits: int | None = None
    ) -> KeyRecord:
        """A draft of the same kind as the active key and in the same place, unless said otherwise. Its size is the
        usual one where that of the active key is not allowed any more.
        """
        if active.algorithm in SECRETS:
            return self.secret(active.purpose, state)
        algorithm = SignatureAlgorithm(active.algorithm)
        if bits is None and active.public_key is not None:
            bits = load_verification_key(active.public_key, algorithm).bits
            bits = bits if self._allows(active.purpose, algorithm, bits) else None
        scheme = scheme or active.uri.partition(":")[0]
        return await self.draft(active.purpose, algorithm, state, scheme=scheme, bits=bits)

    async def adopted(
        self, purpose: str, algorithm: SignatureAlgorithm, state: KeyState, *, uri: str, imported: bool
    ) -> KeyRecord:
        """A draft of a key that was on its device before us.

        Raises:
            KeyRefused: its backend adopts none, or the key may leave its device, or it does not fit.
            KeyUnavailable: the device does not answer or has no such key.
        """
        check_purpose(purpose)
        backend = self._backends.of(uri)
        if not isinstance(backend, CanAdopt):
            raise KeyRefused(f"the backend {backend.scheme!r} has no keys that others made")
        found = await asyncio.to_thread(backend.adopt, uri, algorithm, imported=imported)
        bits = load_verification_key(found.public_key, algorithm).bits
        if not self._allows(purpose, algorithm, bits):
            raise KeyRefused(f"{algorithm} with {bits} bits is not allowed for {purpose}")
        key_id = thumbprint(found.public_key, algorithm)
        return self.sealed(key_id, purpose, str(algorithm), state, found.uri, found.public_key, b"")

    async def taken_in(self, purpose: str, algorithm: SignatureAlgorithm, private: bytes) -> KeyRecord:
        """A draft of a key that came in a file.

        Raises:
            KeyRefused: it is not for the algorithm, or not allowed for the purpose.
        """
        public = (await asyncio.to_thread(primitive(algorithm).load_private, private)).public_key
        bits = load_verification_key(public, algorithm).bits  # refuses keys that are known to be weak
        if not self._allows(purpose, algorithm, bits):
            raise KeyRefused(f"{algorithm} with {bits} bits is not allowed for {purpose}")
        name, uri = thumbprint(public, algorithm), f"software:{secrets.token_hex(8)}"
        return self.sealed(name, purpose, str(algorithm), KeyState.ACTIVE, uri, public, private)

    def secret(self, purpose: str, state: KeyState) -> KeyRecord:
        """A draft of a symmetric key of 32 random bytes, of the kind that the profile asks for now."""
        check_purpose(purpose)
        name = secrets.token_urlsafe(12)
        kind, value = self._profile.secret_kind(purpose), secrets.token_bytes(_SECRET_SIZE)
        return self.sealed(name, purpose, str(kind), state, f"software:{name}", None, value)

    async def discard(self, record: KeyRecord) -> None:
        """Destroy a key where it lives; for one in memory there is nothing to do."""
        await asyncio.to_thread(self._backends.of(record.uri).destroy, record.uri)

    def sealed(
        self, key_id: str, purpose: str, algorithm: str, state: KeyState, uri: str, public: bytes | None, private: bytes
    ) -> KeyRecord:
        """The record of a key, its private part sealed and bound to the rest."""
        now = self._clock.now()
        sealed = self.wrap.seal(private, key_id=key_id, purpose=purpose, algorithm=algorithm, uri=uri)
        return KeyRecord(key_id, purpose, algorithm, state, uri, public, sealed, created_at=now, state_since=now)

    async def _check_allowed(self, purpose: str, algorithm: SignatureAlgorithm, bits: int, backend: KeyBackend) -> None:
        if not self._allows(purpose, algorithm, bits):
            raise KeyRefused(f"{algorithm} with {bits} bits is not allowed for {purpose}")
        if algorithm not in await asyncio.to_thread(backend.algorithms):  # a token is asked what it can do
            raise KeyRefused(f"the backend {backend.scheme!r} makes no keys for {algorithm}")

    def _allows(self, purpose: str, algorithm: SignatureAlgorithm, bits: int) -> bool:
        row, today = ALGORITHMS[algorithm], self._clock.now().date()
        return row.has_size(bits) and all(row.allows(bits, use, today) for use in uses_of(purpose))


def check_purpose(purpose: str) -> None:
    """
    Raises:
        KeyRefused: it is no plain name, such as `oidc.es256` or `seal/<seal id>`.
    """
    if len(purpose) > 128 or _PURPOSE.fullmatch(purpose) is None:
        raise KeyRefused(f"the purpose {purpose!r}")
