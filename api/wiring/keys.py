"""Puts the crypto boundary together: key store, backends, key ring and what is built on them."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from api.wiring.master_key import master_key_source
from api.wiring.secrets import SecretServices, build_secrets
from core.clock import Clock
from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.registry import BackendRegistry
from keys.backends.software import SoftwareBackend
from keys.errors import KeyMissing, KeyRefused, KeyStateConflict, MasterKeyMissing
from keys.jose.declarations import DECLARATION_PURPOSE
from keys.jose.decryption_keys import ENCRYPTION_PURPOSE
from keys.jose.jwk import NATIONAL_TOKEN_PURPOSES
from keys.jose.tokens import TokenSigner, TokenVerifier
from keys.keyring import KeyRing
from keys.libcrypto import library
from keys.master_key import write_master_key
from keys.master_key_change import MasterKeySource
from keys.ports import KeyBackend, KeyBackends, KeyStore
from keys.profile import Profile
from keys.secrets.password import Argon2Hasher
from keys.secrets.password_cost import PasswordCost
from keys.secrets.purposes import ACCESS_TOKENS, SERVICE_SECRETS
from keys.settings import LOOK_SECONDS, KeysSettings
from keys.spec import SignatureAlgorithm
from keys.stores.sql import SqlKeyStore, open_key_store

_log = logging.getLogger(__name__)

_SIGNING_KEYS = {
    "oidc.es256": SignatureAlgorithm.ES256,
    "oidc.rs256": SignatureAlgorithm.RS256,
    DECLARATION_PURPOSE: SignatureAlgorithm.ES256,
}
_SECRETS = ("oidc.pairwise", ENCRYPTION_PURPOSE, ACCESS_TOKENS, *SERVICE_SECRETS)


@dataclass(frozen=True)
class KeysServices:
    """What the rest of the service uses of the crypto boundary."""

    ring: KeyRing
    secrets: SecretServices
    passwords: Argon2Hasher
    signer: TokenSigner
    verifier: TokenVerifier
    store: SqlKeyStore
    backends: KeyBackends
    settings: KeysSettings

    async def keep_fresh(self) -> None:
        """Follow key changes by other workers, for ever; run it as a task for the life of the worker.

        A failed look changes nothing for a while: a database that fails over is no reason to stop. But a key may be
        revoked meanwhile, so without a look for `stale_seconds` the ring refuses to work.
        """
        self.ring.limit_staleness(dt.timedelta(seconds=self.settings.stale_seconds))
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.ring.refresh()
            except Exception:  # whatever it is, the next look must come
                _log.exception("the key ring could not be refreshed")
            await asyncio.sleep(self.settings.refresh_seconds)

    async def close(self) -> None:
        self.passwords.close()
        await self.store.close()


def open_key_store_of(settings: KeysSettings) -> KeyStore:
    """The key store alone, without its keys."""
    return open_key_store(settings.store_url)


async def build_keys(settings: KeysSettings, clock: Clock) -> KeysServices:
    """Open the key store and load every key.

    In development a master key file is made if neither it nor a key store is there yet.

    Raises:
        keys.errors.KeysError: the master key or the store cannot be used; the service must not start.
    """
    store = open_key_store(settings.store_url)
    try:
        source = master_key_source(settings, clock)
        master_key = await _master_key(settings, source, store)
        publish_for = dt.timedelta(seconds=settings.publish_seconds)
        known_after = dt.timedelta(seconds=settings.stale_seconds)
        backends = _backends(settings)
        ring = KeyRing(
            store,
            master_key,
            backends,
            clock,
            publish_for=publish_for,
            known_after=known_after,
            master_key_again=source.fitting,
            profile=settings.profile,
        )
        await ring.load()
    except BaseException:
        await store.close()
        raise
    return KeysServices(
        ring=ring,
        secrets=build_secrets(ring),
        passwords=Argon2Hasher(
            cost=PasswordCost(settings.password_memory_mib, settings.password_passes),
            workers=settings.password_workers,
            queue=settings.password_queue,
        ),
        signer=TokenSigner(ring),
        verifier=TokenVerifier(ring, clock),
        store=store,
        backends=backends,
        settings=settings,
    )


async def ensure_service_keys(ring: KeyRing, profile: Profile = Profile.INTERNATIONAL) -> None:
    """Make the token keys and the secrets that are not there yet; quick when all are. Any worker may call it."""
    for purpose, algorithm in _SIGNING_KEYS.items():
        if not _has(ring.signer, purpose):
            await _once(ring, ring.create(purpose, algorithm))
    if profile.national and library.available():
        for algorithm, purpose in NATIONAL_TOKEN_PURPOSES.items():
            if not _has(ring.signer, purpose):
                await _once(ring, _create_where_it_can_be(ring, purpose, algorithm))
    for purpose in _SECRETS:
        if not _has(ring.secret, purpose):
            await _once(ring, ring.create_secret(purpose))


async def _master_key(settings: KeysSettings, source: MasterKeySource, store: KeyStore) -> bytes:
    check = await store.check()
    try:
        return await asyncio.to_thread(source.load if check is None else lambda: source.fitting(check))
    except MasterKeyMissing:
        file = settings.master_key_file
        # A new master key never replaces a lost one: what is in the store would be lost for good, silently.
        if settings.production or file is None or check is not None:
            raise
    write_master_key(file)
    return source.load()


def _backends(settings: KeysSettings) -> BackendRegistry:
    backends: list[KeyBackend] = [SoftwareBackend()]
    if settings.pkcs11 is not None:
        backends.append(Pkcs11Backend(settings.pkcs11))
    return BackendRegistry(backends, default=settings.default_backend)


def _has(find: Callable[[str], object], purpose: str) -> bool:
    try:
        find(purpose)
    except KeyMissing:
        return False
    return True


async def _create_where_it_can_be(ring: KeyRing, purpose: str, algorithm: SignatureAlgorithm) -> None:
    """Where keys are made, or in memory if that device does not know the algorithm; `yizheng doctor` says which."""
    try:
        await ring.create(purpose, algorithm)
    except KeyRefused as refused:
        _log.warning("the key for %s is made in memory: %s", purpose, refused.private)
        await ring.create(purpose, algorithm, backend=SoftwareBackend.scheme)


async def _once(ring: KeyRing, making: Awaitable[object]) -> None:
    try:
        await making
    except KeyStateConflict:  # another worker was faster
        await ring.refresh()
