"""The key ring: which key serves a purpose, in which state, and the steps from one state to the next.

::

    (made) ──▶ next ──▶ active ──▶ verify-only ──▶ retired ──▶ private part destroyed
                 └────────────────────────────────▶ retired
    revoked: next, active and verify-only ────────▶ retired, and the next key takes over in the same step

A next key is published and already accepted, but does not sign yet; so a token signed right after the rotation
verifies everywhere, and tokens of the former key stay valid while it is verify-only. A key that leaked is revoked:
no worker signs with it or accepts it after its next look at the store, and a worker that cannot look stops.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence

from core.clock import Clock
from keys.errors import AlgorithmEnded, KeyMissing, KeysStale, KeyStateConflict, KeyStoreDamaged, KeyUnavailable
from keys.journal import KeyStep
from keys.key_making import KeyMaker, check_purpose
from keys.key_wrap import KeyWrap
from keys.ports import (
    KeyBackends,
    KeyProvider,
    KeyRecord,
    KeyStore,
    KeyUsage,
    SecretKey,
    SecretProvider,
    Signer,
    VerificationKey,
)
from keys.profile import Profile
from keys.ring_contents import OpenedKey, RingContents, arranged, names, same_key
from keys.secrets.purposes import SERVICE_SECRETS
from keys.spec import FIXED_PURPOSES, KEPT_PURPOSES, SECRETS, KeyState, SecretKind, SignatureAlgorithm, certified


class KeyRing:
    """Implements `keys.ports.KeyProvider` and `SecretProvider` over a key store and backends.

    Args:
        store: where keys are kept.
        master_key: 32 bytes that open the store.
        publish_for: how long a next key must have been published before `rotate` activates it.
        master_key_again: the master key with this check value, for when it was changed while we run.
        known_after: after this time every worker knows a published key, or must stop.
        profile: with which cryptography new secrets are used; those that are there stay what they are.
    """

    def __init__(
        self,
        store: KeyStore,
        master_key: bytes,
        backends: KeyBackends,
        clock: Clock,
        *,
        publish_for: dt.timedelta = dt.timedelta(0),
        known_after: dt.timedelta = dt.timedelta(0),
        master_key_again: Callable[[bytes], bytes] | None = None,
        profile: Profile = Profile.INTERNATIONAL,
    ) -> None:
        self._store = store
        self._maker = KeyMaker(KeyWrap(master_key), backends, clock, profile)
        self._backends = backends
        self._clock = clock
        self._publish_for = publish_for
        self._known_after = known_after
        self._master_key_again = master_key_again
        self._stale_after: dt.timedelta | None = None
        self._looked_at = clock.now()
        self._contents = RingContents()
        self._loading = asyncio.Lock()  # a slow look must not put older contents over newer ones

    # -- asking: no input or output ------------------------------------------------------------------------------

    def signer(self, purpose: str) -> Signer:
        contents = self._current()
        signer = contents.signers.get(purpose)
        if signer is None:
            raise KeyMissing(purpose)
        ends = contents.ends.get(purpose)  # most keys have no end in sight
        if ends is not None and self._clock.now() >= ends:
            raise AlgorithmEnded(f"the active key of {purpose} ({signer.algorithm}) may not sign since {ends:%Y-%m-%d}")
        return signer

    def signer_of(self, key_id: str) -> Signer:
        """A key by its id, in whatever state it is accepted: only for what must go on after a key was replaced, such
        as an authority's revocation lists.

        Raises:
            KeyMissing: no such key, or it is retired.
        """
        opened = self._current().by_key.get(key_id)
        if opened is None or opened.signer is None:
            raise KeyMissing(key_id)
        return opened.signer

    def state(self) -> object:
        """Another object whenever any key has changed: for those who keep what they made of the keys."""
        return self._current()

    def verification_keys(self, purpose: str) -> Sequence[VerificationKey]:
        return self._current().verification.get(purpose, ())

    def accepted(self, purpose: str) -> Sequence[SecretKey]:
        return self._current().secrets.get(purpose, ())

    def secrets(self, purpose: str) -> Sequence[SecretKey]:
        found = self._current().secrets.get(purpose, ())
        if not found or found[0].state is not KeyState.ACTIVE:
            raise KeyMissing(purpose)
        return found

    def _current(self) -> RingContents:
        """What is in memory, if it was compared with the store lately: else a revoked key might still be in it."""
        if self._stale_after is not None and abs(self._clock.now() - self._looked_at) > self._stale_after:
            raise KeysStale(f"the last look at the key store was at {self._looked_at.isoformat(timespec='seconds')}")
        return self._contents

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
        await self._store.open(self._maker.wrap.check)
        await self._reload()

    def limit_staleness(self, stale_after: dt.timedelta) -> None:
        """From now on use no key when the store has not answered for this long: whoever calls this has to `refresh`
        all the time. A short-lived program, which loads and ends, does not need it.
        """
        self._stale_after = stale_after

    async def refresh(self) -> bool:
        """Load again if any worker has changed a key; True if so. One small query when nothing has changed."""
        asked_at = self._clock.now()  # before the question: what the answer says may be as old as this
        if await self._store.generation() == self._contents.generation:
            self._looked_at = asked_at
            return False
        await self._reload()
        return True

    async def _reload(self) -> None:
        async with self._loading:
            asked_at = self._clock.now()
            generation, records = await self._store.load()
            try:
                opened = self._open_all(records)
            except KeyStoreDamaged:
                if not await self._followed_master_key():
                    raise
                opened = self._open_all(records)
            self._contents = arranged(generation, opened)
            self._looked_at = asked_at

    async def _followed_master_key(self) -> bool:
        """Take over the master key that the store was put under meanwhile; False if it is the one that we have.

        Raises:
            MasterKeyWrong: the one that is at hand now does not open the store either.
        """
        check = await self._store.check()
        if self._master_key_again is None or check is None or check == self._maker.wrap.check:
            return False
        self._maker.wrap = KeyWrap(await asyncio.to_thread(self._master_key_again, check))
        return True

    def _open_all(self, records: Sequence[KeyRecord]) -> Sequence[OpenedKey]:
        before = self._contents.by_key
        return [self._open(record, before.get(record.key_id)) for record in records]

    def _open(self, record: KeyRecord, before: OpenedKey | None) -> OpenedKey:
        if before is not None and before.signer is not None and same_key(before.record, record):
            return OpenedKey(record, signer=before.signer)
        if record.sealed is None:
            raise KeyStoreDamaged(f"the private part of key {record.key_id} is gone")
        private = self._maker.wrap.open(
            record.sealed, key_id=record.key_id, purpose=record.purpose, algorithm=record.algorithm, uri=record.uri
        )
        if record.algorithm in SECRETS:
            secret = SecretKey(record.key_id, record.state, private, SecretKind(record.algorithm))
            return OpenedKey(record, secret=secret)
        algorithm = SignatureAlgorithm(record.algorithm)
        if record.public_key is None or not names(record.key_id, record.public_key, algorithm):
            raise KeyStoreDamaged(f"the public part of key {record.key_id} was changed in the store")
        backend = self._backends.of(record.uri)
        return OpenedKey(record, signer=backend.open(record.uri, algorithm, record.public_key, private))

    # -- making --------------------------------------------------------------------------------------------------

    async def create(
        self, purpose: str, algorithm: SignatureAlgorithm, *, backend: str | None = None, bits: int | None = None
    ) -> Signer:
        check_purpose(purpose)
        await self._check_free(purpose, KeyState.ACTIVE)
        await self._keep(await self._maker.draft(purpose, algorithm, KeyState.ACTIVE, scheme=backend, bits=bits))
        return self.signer(purpose)

    async def check_offered(self, algorithm: SignatureAlgorithm, *, backend: str | None = None) -> None:
        """Whether `create` could make a key of this algorithm, before anything else is made.

        Raises:
            LibraryMissing, AlgorithmNotOffered, KeyRefused, KeyUnavailable: as `KeyMaker.check_offered`.
        """
        await self._maker.check_offered(algorithm, scheme=backend)

    async def create_secret(self, purpose: str) -> bytes:
        """Make a symmetric key of 32 random bytes and activate it; for purposes that have none yet.

        Raises:
            KeyStateConflict: `key-exists`.
        """
        await self._keep(self._maker.secret(purpose, KeyState.ACTIVE))
        return self.secret(purpose)

    async def prepare_next(
        self, purpose: str, *, backend: str | None = None, bits: int | None = None
    ) -> VerificationKey | None:
        """Make and publish the key that will follow, of the kind of the active one; None for a secret.

        Args:
            backend: where to make it; None for the place of the active key.
            bits: its size; None for the size of the active key, or the usual one where that is not allowed any more.

        Raises:
            KeyMissing: the purpose has no active key.
            KeyStateConflict: `key-exists`, when a next key is there already; `key-fixed`.
        """
        _may_rotate(purpose)
        await self._check_free(purpose, KeyState.NEXT)
        active = self._contents.in_state(purpose, KeyState.ACTIVE)
        if active is None:
            raise KeyMissing(purpose)
        made = await self._maker.following(active, KeyState.NEXT, scheme=backend, bits=bits)
        await self._keep(made)
        return next((key for key in self.verification_keys(purpose) if key.key_id == made.key_id), None)

    async def adopt(self, purpose: str, uri: str, algorithm: SignatureAlgorithm, *, imported: bool = False) -> KeyState:
        """Take a key that is on its device already: as the active one, or as the next where the purpose has one.

        Args:
            imported: accept a key that the device says was outside once, before it was put there.

        Raises:
            KeyRefused: the key may leave its device, does not fit, or is not allowed.
            KeyStateConflict: `key-exists`, when there is a next key too, or the key serves a purpose already.
        """
        await self.refresh()
        active = self._contents.in_state(purpose, KeyState.ACTIVE)
        state = KeyState.ACTIVE if active is None else KeyState.NEXT
        made = await self._maker.adopted(purpose, algorithm, state, uri=uri, imported=imported)
        await self._keep(made, KeyStep.ADOPTED)
        return state

    async def take_in(self, purpose: str, algorithm: SignatureAlgorithm, private: bytes) -> None:
        """Keep a key that was made elsewhere as the active one, in memory like those that we make without a device.

        Args:
            private: PKCS #8, DER; whoever read it from its file has checked that it is a sound key.

        Raises:
            KeyRefused: it is not of this algorithm, or its size is not allowed.
            KeyStateConflict: `key-exists`, when the purpose has a key, or the key serves a purpose already.
        """
        check_purpose(purpose)
        await self._check_free(purpose, KeyState.ACTIVE)
        await self._keep(await self._maker.taken_in(purpose, algorithm, private), KeyStep.TAKEN_IN)

    async def _check_free(self, purpose: str, state: KeyState) -> None:
        """A cheap look before a slow key is made; the store's unique index is what decides."""
        await self.refresh()
        if self._contents.in_state(purpose, state) is not None:
            raise KeyStateConflict("key-exists", f"{purpose} has a key in the state {state}")

    async def _keep(self, made: KeyRecord, step: KeyStep = KeyStep.MADE) -> None:
        try:
            await self._store.add(made, step=step, under=self._maker.wrap.check)
        except KeyStateConflict:  # another worker was faster
            await self._maker.discard(made)
            raise
        await self._reload()

    # -- steps ---------------------------------------------------------------------------------------------------

    async def rotate(self, purpose: str, *, at_once: bool = False, key_id: str | None = None) -> None:
        """Next becomes active, active becomes verify-only. Other workers follow at their next refresh.

        Args:
            at_once: do not wait until the next key has been published long enough for others; a secret that values
                are under waits until every worker knows it, or must stop, for a value under it could not be read.
            key_id: the next key that is meant; None for whichever it is.

        Raises:
            KeyStateConflict: `no-next-key`, `key-too-fresh`, or `key-fixed` for a secret that names things for good.
        """
        _may_rotate(purpose)
        now = self._clock.now()
        soonest = self._known_after if purpose in SERVICE_SECRETS else dt.timedelta(0)
        published_before = now - (soonest if at_once else self._publish_for)
        await self._store.activate_next(purpose, published_before=published_before, moment=now, key_id=key_id)
        await self._reload()

    async def revoke(self, key_id: str, *, replace: bool = True) -> str | None:
        """Accept a key that leaked no longer, from now on. An active one is replaced in the same step: by the next
        key, or by one made for it. A key that needs a certificate is not replaced: its purpose stops until a new
        key is certified.

        Args:
            replace: False to stop the purpose at once, when no successor can be made.

        Returns:
            The id of the key that took over; None when none did.

        Raises:
            KeyStateConflict: `key-state` for a key that is retired or unknown; `key-kept` for a secret without
                which stored values could not be read: rotate it and let them be encrypted anew.
            KeyUnavailable: no successor could be made, and nothing has changed.
        """
        record = await self._store.find(key_id)
        if record is None or record.state is KeyState.RETIRED:
            raise KeyStateConflict("key-state", f"key {key_id} is retired already or unknown")
        if record.purpose in KEPT_PURPOSES and record.state is not KeyState.NEXT:
            raise KeyStateConflict("key-kept", f"values under {record.purpose} need their key")
        replace = replace and not certified(record.purpose)
        following = await self._revoked(record, replace=replace)
        await self._reload()
        return following

    async def _revoked(self, record: KeyRecord, *, replace: bool) -> str | None:
        try:  # without a successor first: with a next key there, none needs to be made
            return await self._store.revoke(record.key_id, replace=replace, successor=None, moment=self._clock.now())
        except KeyStateConflict as refused:
            if refused.code != "no-next-key":
                raise
        successor = await self._successor(record)
        following = None
        try:
            following = await self._store.revoke(
                record.key_id,
                replace=True,
                successor=successor,
                moment=self._clock.now(),
                under=self._maker.wrap.check,
            )
        finally:
            if following != successor.key_id:  # it failed, or a next key appeared meanwhile
                await self._maker.discard(successor)
        return following

    async def _successor(self, record: KeyRecord) -> KeyRecord:
        try:
            return await self._maker.following(record, KeyState.ACTIVE)
        except KeyUnavailable as error:
            raise KeyUnavailable(
                f"no successor could be made ({error.private}), and key {record.key_id} is still accepted: "
                "revoke it without a successor"
            ) from None

    async def retire(self, key_id: str, *, usage: KeyUsage | None = None) -> None:
        """Accept a next or verify-only key no longer.

        Args:
            usage: knows whether stored values still need a secret; without it no secret that values are under is
                retired.

        Raises:
            KeyStateConflict: `key-state` for an active or unknown key; `key-kept` for a secret without which
                stored values could not be read.
        """
        record = await self._store.find(key_id)
        if record is not None and record.state is not KeyState.NEXT:
            await _check_unneeded(record, usage)
        await self._store.retire(key_id, moment=self._clock.now())
        await self._reload()

    async def retired(self) -> Sequence[KeyRecord]:
        """Retired keys whose private part is still there."""
        return await self._store.retired()

    async def destroy(self, key_id: str, *, usage: KeyUsage | None = None) -> bool:
        """Destroy the private part of a retired key, in the store or on its device. The record stays. False when
        it was destroyed before.

        Raises:
            KeyStateConflict: `key-state`, when the key is not retired; `key-kept` as for `retire`.
            core.errors.Unavailable: `key-unavailable`; the key is then still whole, and the call may be repeated.
        """
        record = await self._store.find(key_id)
        if record is None or record.state is not KeyState.RETIRED:
            raise KeyStateConflict("key-state", f"key {key_id} is not retired")
        if record.sealed is not None:
            await _check_unneeded(record, usage)
            await self._maker.discard(record)
        return await self._store.erase(key_id, moment=self._clock.now())


async def _check_unneeded(record: KeyRecord, usage: KeyUsage | None) -> None:
    if record.algorithm not in SECRETS:
        return
    if record.purpose in KEPT_PURPOSES if usage is None else await usage.needed(record.key_id):
        raise KeyStateConflict("key-kept", f"stored values need key {record.key_id} ({record.purpose})")


def _may_rotate(purpose: str) -> None:
    if purpose in FIXED_PURPOSES:
        raise KeyStateConflict("key-fixed", f"{purpose} names things for good and is not rotated")


_: type[KeyProvider] = KeyRing
_secrets: type[SecretProvider] = KeyRing
