"""The key ring: which key serves a purpose, in which state, and the steps from one state to the next.

::

    (made) ──▶ next ──▶ active ──▶ verify-only ──▶ retired ──▶ private part destroyed
                 └────────────────────────────────▶ retired

A next key is published and already accepted, but does not sign yet; so a token signed right after the rotation
verifies everywhere, and tokens of the former key stay valid while it is verify-only.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.clock import Clock
from keys.errors import AlgorithmEnded, KeyMissing, KeyRefused, KeyStateConflict, KeyStoreDamaged
from keys.jose.jwk import thumbprint
from keys.key_wrap import KeyWrap
from keys.ports import (
    KeyBackend,
    KeyBackends,
    KeyProvider,
    KeyRecord,
    KeyStore,
    SecretKey,
    SecretProvider,
    Signer,
    VerificationKey,
)
from keys.spec import (
    ACCEPTED_STATES,
    ALGORITHMS,
    FIXED_PURPOSES,
    KEPT_PURPOSES,
    SECRET,
    KeyState,
    SignatureAlgorithm,
    uses_of,
)
from keys.verification import load_verification_key

_PURPOSE = re.compile(r"[a-z][a-z0-9-]*([./][A-Za-z0-9_-]+)*")
_SECRET_SIZE = 32


@dataclass(frozen=True, slots=True)
class _Opened:
    """One key of the ring, opened."""

    record: KeyRecord
    signer: Signer | None = None
    secret: SecretKey | None = None


@dataclass(frozen=True, slots=True)
class _Contents:
    """What the ring held at one generation of the store; replaced as a whole, never changed."""

    generation: int = 0
    by_key: dict[str, _Opened] = field(default_factory=dict)
    signers: dict[str, Signer] = field(default_factory=dict)
    ends: dict[str, dt.datetime] = field(default_factory=dict)  # from when on a purpose's signer may not sign
    verification: dict[str, tuple[VerificationKey, ...]] = field(default_factory=dict)
    secrets: dict[str, tuple[SecretKey, ...]] = field(default_factory=dict)


class KeyRing:
    """Implements `keys.ports.KeyProvider` and `SecretProvider` over a key store and backends.

    Args:
        store: where keys are kept.
        master_key: 32 bytes that open the store.
        publish_for: how long a next key must have been published before `rotate` activates it.
    """

    def __init__(
        self,
        store: KeyStore,
        master_key: bytes,
        backends: KeyBackends,
        clock: Clock,
        *,
        publish_for: dt.timedelta = dt.timedelta(0),
    ) -> None:
        self._store = store
        self._wrap = KeyWrap(master_key)
        self._backends = backends
        self._clock = clock
        self._publish_for = publish_for
        self._contents = _Contents()
        self._loading = asyncio.Lock()  # a slow look must not put older contents over newer ones

    # -- asking: no input or output ------------------------------------------------------------------------------

    def signer(self, purpose: str) -> Signer:
        contents = self._contents
        signer = contents.signers.get(purpose)
        if signer is None:
            raise KeyMissing(purpose)
        ends = contents.ends.get(purpose)  # most keys have no end in sight and cost no look at the clock
        if ends is not None and self._clock.now() >= ends:
            raise AlgorithmEnded(f"the active key of {purpose} ({signer.algorithm}) may not sign since {ends:%Y-%m-%d}")
        return signer

    def signer_of(self, key_id: str) -> Signer:
        """A key by its id, in whatever state it is accepted: only for what must go on after a key was replaced, such
        as an authority's revocation lists.

        Raises:
            KeyMissing: no such key, or it is retired.
        """
        opened = self._contents.by_key.get(key_id)
        if opened is None or opened.signer is None:
            raise KeyMissing(key_id)
        return opened.signer

    def verification_keys(self, purpose: str) -> Sequence[VerificationKey]:
        return self._contents.verification.get(purpose, ())

    def accepted(self, purpose: str) -> Sequence[SecretKey]:
        return self._contents.secrets.get(purpose, ())

    def secrets(self, purpose: str) -> Sequence[SecretKey]:
        found = self._contents.secrets.get(purpose, ())
        if not found or found[0].state is not KeyState.ACTIVE:
            raise KeyMissing(purpose)
        return found

    def secret(self, purpose: str) -> bytes:
        """The active symmetric key: 32 bytes.

        Raises:
            KeyMissing: the purpose has none.
        """
        return self.secrets(purpose)[0].value

    def records(self) -> Sequence[KeyRecord]:
        """All keys that are not retired, for those who look after them."""
        return [opened.record for opened in self._contents.by_key.values()]

    # -- loading -------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Open the store and every key in it. All or nothing: one changed byte stops the start.

        Raises:
            MasterKeyWrong: the store belongs to another master key.
            KeyStoreDamaged: a key was changed in the store.
        """
        await self._store.open(self._wrap.check)
        await self._reload()

    async def refresh(self) -> bool:
        """Load again if any worker has changed a key; True if so. One small query when nothing has changed."""
        if await self._store.generation() == self._contents.generation:
            return False
        await self._reload()
        return True

    async def _reload(self) -> None:
        async with self._loading:
            generation, records = await self._store.load()
            before = self._contents.by_key
            opened = [self._open(record, before.get(record.key_id)) for record in records]
            self._contents = _arrange(generation, opened)

    def _open(self, record: KeyRecord, before: _Opened | None) -> _Opened:
        if before is not None and before.signer is not None and _same_key(before.record, record):
            return _Opened(record, signer=before.signer)
        if record.sealed is None:
            raise KeyStoreDamaged(f"the private part of key {record.key_id} is gone")
        private = self._wrap.open(
            record.sealed, key_id=record.key_id, purpose=record.purpose, algorithm=record.algorithm, uri=record.uri
        )
        if record.algorithm == SECRET:
            return _Opened(record, secret=SecretKey(record.key_id, record.state, private))
        algorithm = SignatureAlgorithm(record.algorithm)
        if record.public_key is None or not _names(record.key_id, record.public_key, algorithm):
            raise KeyStoreDamaged(f"the public part of key {record.key_id} was changed in the store")
        backend = self._backends.of(record.uri)
        return _Opened(record, signer=backend.open(record.uri, algorithm, record.public_key, private))

    # -- making --------------------------------------------------------------------------------------------------

    async def create(
        self, purpose: str, algorithm: SignatureAlgorithm, *, backend: str | None = None, bits: int | None = None
    ) -> Signer:
        await self._make(purpose, algorithm, KeyState.ACTIVE, backend, bits)
        return self.signer(purpose)

    async def prepare_next(
        self, purpose: str, *, backend: str | None = None, bits: int | None = None
    ) -> VerificationKey | None:
        """Make and publish the key that will follow, with the algorithm of the active one; None for a secret.

        Raises:
            KeyMissing: the purpose has no active key.
            KeyStateConflict: `key-exists`, when a next key is there already; `key-fixed`.
        """
        _may_rotate(purpose)
        if purpose in self._contents.secrets:
            await self._make_secret(purpose, KeyState.NEXT)
            return None
        algorithm = self.signer(purpose).algorithm
        key_id = await self._make(purpose, algorithm, KeyState.NEXT, backend, bits)
        return next(key for key in self.verification_keys(purpose) if key.key_id == key_id)

    async def create_secret(self, purpose: str) -> bytes:
        """Make a symmetric key of 32 random bytes and activate it; for purposes that have none yet.

        Raises:
            KeyStateConflict: `key-exists`.
        """
        await self._make_secret(purpose, KeyState.ACTIVE)
        return self.secret(purpose)

    async def _make(
        self, purpose: str, algorithm: SignatureAlgorithm, state: KeyState, scheme: str | None, bits: int | None
    ) -> str:
        _check_purpose(purpose)
        bits = bits or ALGORITHMS[algorithm].bits
        backend = self._backends.making(scheme)
        self._check_allowed(purpose, algorithm, bits, backend)
        await self._check_free(purpose, state)
        made = await asyncio.to_thread(backend.generate, algorithm, bits=bits, label=purpose)
        key_id = thumbprint(made.public_key, algorithm)
        record = self._record(key_id, purpose, str(algorithm), state, made.uri, made.public_key, made.private)
        try:
            await self._store.add(record)
        except KeyStateConflict:  # another worker was faster: leave nothing on the device
            await asyncio.to_thread(backend.destroy, made.uri)
            raise
        await self._reload()
        return key_id

    def _check_allowed(self, purpose: str, algorithm: SignatureAlgorithm, bits: int, backend: KeyBackend) -> None:
        row, today = ALGORITHMS[algorithm], self._clock.now().date()
        if not row.has_size(bits) or not all(row.allows(bits, use, today) for use in uses_of(purpose)):
            raise KeyRefused(f"{algorithm} with {bits} bits is not allowed for {purpose}")
        if algorithm not in backend.algorithms():
            raise KeyRefused(f"the backend {backend.scheme!r} makes no keys for {algorithm}")

    async def _make_secret(self, purpose: str, state: KeyState) -> None:
        _check_purpose(purpose)
        name = secrets.token_urlsafe(12)
        value = secrets.token_bytes(_SECRET_SIZE)
        await self._store.add(self._record(name, purpose, SECRET, state, f"software:{name}", None, value))
        await self._reload()

    async def _check_free(self, purpose: str, state: KeyState) -> None:
        """A cheap look before a slow key is made; the store's unique index is what decides."""
        await self.refresh()
        if any(opened.record.purpose == purpose and opened.record.state is state for opened in self._all()):
            raise KeyStateConflict("key-exists", f"{purpose} has a key in the state {state}")

    def _all(self) -> Sequence[_Opened]:
        return list(self._contents.by_key.values())

    def _record(
        self, key_id: str, purpose: str, algorithm: str, state: KeyState, uri: str, public: bytes | None, private: bytes
    ) -> KeyRecord:
        now = self._clock.now()
        sealed = self._wrap.seal(private, key_id=key_id, purpose=purpose, algorithm=algorithm, uri=uri)
        return KeyRecord(key_id, purpose, algorithm, state, uri, public, sealed, created_at=now, state_since=now)

    # -- steps ---------------------------------------------------------------------------------------------------

    async def rotate(self, purpose: str, *, at_once: bool = False) -> None:
        """Next becomes active, active becomes verify-only. Other workers follow at their next refresh.

        Args:
            at_once: do not wait until the next key has been published long enough; for a key that leaked.

        Raises:
            KeyStateConflict: `no-next-key`, `key-too-fresh`, or `key-fixed` for a secret that names things for good.
        """
        _may_rotate(purpose)
        now = self._clock.now()
        await self._store.activate_next(
            purpose, published_before=now if at_once else now - self._publish_for, moment=now
        )
        await self._reload()

    async def retire(self, key_id: str) -> None:
        """Accept a next or verify-only key no longer.

        Raises:
            KeyStateConflict: `key-state` for an active or unknown key; `key-kept` for a secret without which
                stored values could not be read.
        """
        record = await self._store.find(key_id)
        if record is not None and record.purpose in KEPT_PURPOSES and record.state is not KeyState.NEXT:
            raise KeyStateConflict("key-kept", f"values under {record.purpose} need their key")
        await self._store.retire(key_id, moment=self._clock.now())
        await self._reload()

    async def destroy(self, key_id: str) -> None:
        """Destroy the private part of a retired key, in the store or on its device. The record stays.

        Raises:
            KeyStateConflict: `key-state`, when the key is not retired.
            core.errors.Unavailable: `key-unavailable`; the key is then still whole, and the call may be repeated.
        """
        record = await self._store.find(key_id)
        if record is None or record.state is not KeyState.RETIRED:
            raise KeyStateConflict("key-state", f"key {key_id} is not retired")
        if record.sealed is not None:
            await asyncio.to_thread(self._backends.of(record.uri).destroy, record.uri)
        await self._store.erase(key_id, moment=self._clock.now())


def _arrange(generation: int, opened: Sequence[_Opened]) -> _Contents:
    ordered = sorted(opened, key=lambda one: ACCEPTED_STATES.index(one.record.state))
    contents = _Contents(generation, {one.record.key_id: one for one in ordered})
    for one in ordered:
        record = one.record
        if one.secret is not None:
            secret = SecretKey(record.key_id, record.state, one.secret.value)
            contents.secrets[record.purpose] = (*contents.secrets.get(record.purpose, ()), secret)
        elif one.signer is not None:
            public = VerificationKey(record.key_id, one.signer.algorithm, record.state, one.signer.public_key)
            contents.verification[record.purpose] = (*contents.verification.get(record.purpose, ()), public)
            if record.state is KeyState.ACTIVE:
                contents.signers[record.purpose] = one.signer
                _note_end(contents.ends, record.purpose, one.signer)
    return contents


def _note_end(ends: dict[str, dt.datetime], purpose: str, signer: Signer) -> None:
    bits = load_verification_key(signer.public_key, signer.algorithm).bits
    last_day = ALGORITHMS[signer.algorithm].until(bits, uses_of(purpose))
    if last_day is not None:
        ends[purpose] = dt.datetime.combine(last_day + dt.timedelta(days=1), dt.time.min, tzinfo=dt.UTC)


def _same_key(before: KeyRecord, now: KeyRecord) -> bool:
    """Whether only the state has changed; anything else has to pass through the seal again."""
    return dataclasses.replace(now, state=before.state, state_since=before.state_since) == before


def _names(key_id: str, public_key: bytes, algorithm: SignatureAlgorithm) -> bool:
    try:
        return thumbprint(public_key, algorithm) == key_id
    except KeyRefused:
        return False


def _check_purpose(purpose: str) -> None:
    if len(purpose) > 128 or _PURPOSE.fullmatch(purpose) is None:
        raise KeyRefused(f"the purpose {purpose!r}")


def _may_rotate(purpose: str) -> None:
    if purpose in FIXED_PURPOSES:
        raise KeyStateConflict("key-fixed", f"{purpose} names things for good and is not rotated")


_: type[KeyProvider] = KeyRing
_secrets: type[SecretProvider] = KeyRing
