"""The key ring: the life of a key, and that tokens, values and subjects stay good through it."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from core.errors import Conflict, Unavailable
from keys.backends.pkcs11 import Pkcs11Signer
from keys.backends.pkcs11_token import Pkcs11Token
from keys.backends.pkcs11_uri import Pkcs11Uri
from keys.backends.registry import BackendRegistry
from keys.backends.software import SoftwareBackend
from keys.errors import (
    KeyMissing,
    KeyRefused,
    KeysStale,
    KeyStateConflict,
    KeyStoreDamaged,
    KeyUnavailable,
    TokenRejected,
)
from keys.jose.jwk import public_jwks
from keys.jose.tokens import TokenSigner, TokenVerifier
from keys.key_wrap import KeyWrap
from keys.keyring import KeyRing
from keys.ports import GeneratedKey, Signer
from keys.spec import KeyState, SignatureAlgorithm
from keys.stores.tables import keys
from keys.stores.transactions import changing, writing
from tests.support.clock import FakeClock
from tests.unit.keys.rings import CLIENT, ISSUER, MASTER_KEY, fixed_signer, id_token_claims, software_ring

ES256 = SignatureAlgorithm.ES256
PURPOSE = "oidc.es256"


def _signed(ring: KeyRing, clock: FakeClock) -> str:
    return TokenSigner(ring).sign(id_token_claims(clock, exp=2_000_000_000), typ="JWT", algorithm=ES256)


def _judge(ring: KeyRing, clock: FakeClock) -> TokenVerifier:
    return TokenVerifier(ring, clock)


def _accepted(verifier: TokenVerifier, token: str) -> bool:
    try:
        return bool(verifier.verify(token, typ="JWT", issuer=ISSUER, audience=CLIENT))
    except TokenRejected:
        return False


async def test_a_key_has_its_whole_life_while_tokens_stay_valid(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        verifier = _judge(ring, clock)
        first = await ring.create(PURPOSE, ES256)
        old_token = _signed(ring, clock)
        following = await ring.prepare_next(PURPOSE)
        assert following is not None
        assert [key.state for key in ring.verification_keys(PURPOSE)] == [KeyState.ACTIVE, KeyState.NEXT]
        assert ring.signer(PURPOSE).key_id == first.key_id  # next does not sign yet

        await ring.rotate(PURPOSE)
        assert [key.state for key in ring.verification_keys(PURPOSE)] == [KeyState.ACTIVE, KeyState.VERIFY_ONLY]
        assert ring.signer(PURPOSE).key_id == following.key_id
        new_token = _signed(ring, clock)
        assert _accepted(verifier, old_token)
        assert _accepted(verifier, new_token)

        await ring.retire(first.key_id)
        assert not _accepted(verifier, old_token)
        assert _accepted(verifier, new_token)
        assert [key["kid"] for key in public_jwks(ring)["keys"]] == [following.key_id]

        await ring.destroy(first.key_id)
        record = await store.find(first.key_id)
        assert record is not None
        assert (record.state, record.sealed) == (KeyState.RETIRED, None)


async def test_k03_a_token_of_the_new_key_verifies_at_a_worker_that_has_not_looked_yet(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with software_ring(tmp_path, clock) as (first, _), software_ring(tmp_path, clock) as (second, _):
        await first.create(PURPOSE, ES256)
        await first.prepare_next(PURPOSE)
        await second.refresh()
        await first.rotate(PURPOSE)
        assert _accepted(_judge(second, clock), _signed(first, clock))
        assert _accepted(_judge(first, clock), _signed(second, clock))  # and of the old key, by the late worker


async def test_k03_a_key_is_not_used_before_it_was_published_long_enough(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock, publish_for=dt.timedelta(minutes=15)) as (ring, _):
        await ring.create(PURPOSE, ES256)
        await ring.prepare_next(PURPOSE)
        clock.advance(14 * 60)
        with pytest.raises(KeyStateConflict) as refused:
            await ring.rotate(PURPOSE)
        assert refused.value.code == "key-too-fresh"
        clock.advance(60)
        await ring.rotate(PURPOSE)
        await ring.prepare_next(PURPOSE)
        await ring.rotate(PURPOSE, at_once=True)  # the active key has leaked


async def test_keys_are_the_same_after_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        await ring.create(PURPOSE, ES256)
        await ring.create_secret("oidc.pairwise")
        token, secret = _signed(ring, clock), ring.secret("oidc.pairwise")
    async with software_ring(tmp_path, clock) as (again, _):
        assert _accepted(_judge(again, clock), token)
        assert again.secret("oidc.pairwise") == secret
        assert len(secret) == 32


async def test_a_purpose_is_made_once(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _), software_ring(tmp_path, clock) as (late, _):
        first = await ring.create(PURPOSE, ES256)
        for worker in (ring, late):
            with pytest.raises(Conflict) as refused:
                await worker.create(PURPOSE, ES256)
            assert refused.value.code == "key-exists"
        assert late.signer(PURPOSE).key_id == first.key_id  # the late one has learnt of it meanwhile
        await ring.create_secret("field.data")
        with pytest.raises(Conflict):
            await late.create_secret("field.data")


async def test_what_is_missing_is_said_to_be_missing(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        for ask in (ring.signer, ring.secret, ring.secrets):
            with pytest.raises(Unavailable) as refused:
                ask("oidc.es256")
            assert refused.value.code == "key-missing"
        assert ring.verification_keys("oidc.es256") == ()
        with pytest.raises(KeyMissing):
            await ring.prepare_next("oidc.es256")


@pytest.mark.parametrize("purpose", ["oidc.pairwise"])
async def test_a_secret_that_names_things_is_never_rotated(purpose: str, tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        await ring.create_secret(purpose)
        for step in (ring.prepare_next, ring.rotate):
            with pytest.raises(KeyStateConflict) as refused:
                await step(purpose)
            assert refused.value.code == "key-fixed"


async def test_a_data_key_is_rotated_but_never_retired(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        await ring.create_secret("field.data")
        former = ring.secrets("field.data")[0]
        await ring.prepare_next("field.data")
        await ring.rotate("field.data")
        assert [key.state for key in ring.secrets("field.data")] == [KeyState.ACTIVE, KeyState.VERIFY_ONLY]
        assert ring.secret("field.data") != former.value
        with pytest.raises(KeyStateConflict) as refused:
            await ring.retire(former.key_id)
        assert refused.value.code == "key-kept"


async def test_without_a_look_at_the_store_no_key_is_used(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        await ring.create(PURPOSE, ES256)
        await ring.create_secret("field.people")
        ring.limit_staleness(dt.timedelta(seconds=120))
        token, verifier = _signed(ring, clock), _judge(ring, clock)

        async def away() -> int:
            raise OSError("no route to the key store")

        with monkeypatch.context() as cut:
            cut.setattr(store, "generation", away)
            clock.advance(120)
            with pytest.raises(OSError, match="no route"):
                await ring.refresh()
            assert _accepted(verifier, token)  # a database that fails over stops nothing
            clock.advance(1)
            with pytest.raises(OSError, match="no route"):
                await ring.refresh()
            for ask in (ring.signer, ring.verification_keys, ring.secrets, ring.secret, ring.accepted):
                with pytest.raises(Unavailable) as refused:
                    ask(PURPOSE)
                assert refused.value.code == "keys-stale"
            with pytest.raises(KeysStale):
                verifier.verify(token, typ="JWT", issuer=ISSUER, audience=CLIENT)
            with pytest.raises(KeysStale):
                _signed(ring, clock)
        await ring.refresh()  # it answers again
        assert _accepted(verifier, token)
        assert _accepted(verifier, _signed(ring, clock))


async def test_a_clock_that_was_turned_back_gives_a_revoked_key_no_time(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        await ring.create(PURPOSE, ES256)
        ring.limit_staleness(dt.timedelta(seconds=120))
        clock.advance(-3600)
        with pytest.raises(KeysStale):
            ring.signer(PURPOSE)
        await ring.refresh()
        assert ring.signer(PURPOSE)


async def test_a_damaged_store_gives_no_time_either(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        await ring.create(PURPOSE, ES256)
        ring.limit_staleness(dt.timedelta(seconds=120))
        async with changing(store.engine) as connection:
            await connection.execute(update(keys).values(uri="software:other"))
        for _ in range(3):
            clock.advance(50)
            with pytest.raises(KeyStoreDamaged):
                await ring.refresh()
        with pytest.raises(KeysStale):
            ring.signer(PURPOSE)


async def test_asking_for_keys_parses_nothing_and_reads_nothing(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []

    class Counting(SoftwareBackend):
        def open(self, uri: str, algorithm: SignatureAlgorithm, public_key: bytes, private: bytes) -> Signer:
            loads.append(uri)
            return super().open(uri, algorithm, public_key, private)

    async with software_ring(tmp_path, clock) as (_, store):
        ring = KeyRing(store, MASTER_KEY, BackendRegistry([Counting()], default="software"), clock)
        await ring.load()
        await ring.create(PURPOSE, ES256)
        await ring.create("seal/s_1", SignatureAlgorithm.RS256, bits=2048)
        await ring.create_secret("field.people")
        assert len(loads) == 2  # a key is opened once, also when another one is made
        ring.limit_staleness(dt.timedelta(seconds=120))

        def refuse(*_arguments: object, **_named: object) -> None:
            raise AssertionError("no key is parsed, and nothing is read, to sign")

        monkeypatch.setattr(SoftwareBackend, "open", refuse)
        monkeypatch.setattr(type(store.engine), "connect", refuse)
        monkeypatch.setattr("cryptography.hazmat.primitives.serialization.load_der_private_key", refuse)
        monkeypatch.setattr(KeyWrap, "open", refuse)
        for _ in range(50):
            ring.signer(PURPOSE).sign(b"law")
            ring.signer("seal/s_1").sign(b"law")
            ring.verification_keys(PURPOSE)
            ring.secrets("field.people")
        assert len(loads) == 2


async def test_steps_out_of_order_are_refused(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        key = await ring.create(PURPOSE, ES256)
        for step in (ring.retire, ring.destroy):
            for key_id in (key.key_id, "unknown"):
                with pytest.raises(KeyStateConflict):
                    await step(key_id)
        with pytest.raises(KeyStateConflict) as refused:
            await ring.rotate(PURPOSE)
        assert refused.value.code == "no-next-key"
        await ring.prepare_next(PURPOSE)
        with pytest.raises(KeyStateConflict):
            await ring.prepare_next(PURPOSE)
        assert _accepted(_judge(ring, clock), _signed(ring, clock))


@pytest.mark.parametrize(
    ("algorithm", "bits"), [(SignatureAlgorithm.RS256, 1024), (SignatureAlgorithm.RS256, 8192), (ES256, 384)]
)
async def test_a_size_that_is_not_on_the_list_is_refused(
    algorithm: SignatureAlgorithm, bits: int, tmp_path: Path, clock: FakeClock
) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        with pytest.raises(KeyRefused):
            await ring.create("oidc.x", algorithm, bits=bits)


@pytest.mark.parametrize("purpose", ["", "Oidc", "a b", "../x", "seal/", "seal/a/../b", "a" * 129, "seal/\n", "密钥"])
async def test_a_purpose_has_a_plain_name(purpose: str, tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        with pytest.raises(KeyRefused):
            await ring.create(purpose, ES256)
        with pytest.raises(KeyRefused):
            await ring.create_secret(purpose)


async def test_an_unknown_backend_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        with pytest.raises(KeyRefused):
            await ring.create(PURPOSE, ES256, backend="pkcs11")
        with pytest.raises(KeyRefused):
            BackendRegistry([SoftwareBackend()], default="pkcs11")


class _OnADevice(SoftwareBackend):
    """A device that remembers which of its keys still exist."""

    scheme = "device"

    def __init__(self) -> None:
        self.alive: set[str] = set()

    def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
        made = super().generate(algorithm, bits=bits, label=label)
        self.alive.add(made.uri)
        return made

    def destroy(self, uri: str) -> None:
        self.alive.discard(uri)


async def test_a_key_made_in_vain_does_not_stay_on_the_device(tmp_path: Path, clock: FakeClock) -> None:
    device = _OnADevice()
    backends = BackendRegistry([SoftwareBackend(), device], default="device")
    async with software_ring(tmp_path, clock) as (other, store):
        ring = KeyRing(store, MASTER_KEY, backends, clock)
        await ring.load()

        async def faster(algorithm: SignatureAlgorithm, *, bits: int, label: str) -> None:
            await other.create(label, algorithm)

        generate = device.generate

        def overtaken(algorithm: SignatureAlgorithm, **named: Any) -> GeneratedKey:
            asyncio.run_coroutine_threadsafe(faster(algorithm, **named), loop).result(10)
            return generate(algorithm, **named)

        loop = asyncio.get_running_loop()
        device.generate = overtaken  # type: ignore[method-assign]  # the other worker wins while the device works
        with pytest.raises(KeyStateConflict):
            await ring.create(PURPOSE, ES256)
        assert device.alive == set()


async def test_a_destroyed_key_is_destroyed_on_its_device(tmp_path: Path, clock: FakeClock) -> None:
    device = _OnADevice()
    async with software_ring(tmp_path, clock) as (_, store):
        ring = KeyRing(store, MASTER_KEY, BackendRegistry([device], default="device"), clock)
        await ring.load()
        first = await ring.create(PURPOSE, ES256)
        await ring.prepare_next(PURPOSE)
        await ring.rotate(PURPOSE)
        await ring.retire(first.key_id)
        assert len(device.alive) == 2
        await ring.destroy(first.key_id)
        await ring.destroy(first.key_id)  # again, after a crash half-way
        assert len(device.alive) == 1


async def test_a_key_of_a_backend_that_is_not_configured_is_named_at_the_start(
    tmp_path: Path, clock: FakeClock
) -> None:
    device = _OnADevice()
    async with software_ring(tmp_path, clock) as (plain, store):
        ring = KeyRing(store, MASTER_KEY, BackendRegistry([_WithScheme(device)], default="device"), clock)
        await ring.load()
        await ring.create(PURPOSE, ES256)
        with pytest.raises(KeyUnavailable, match="device"):
            await plain.refresh()


class _WithScheme(_OnADevice):
    """Names its keys by its own scheme."""

    def __init__(self, device: _OnADevice) -> None:
        super().__init__()
        self._device = device

    def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
        made = self._device.generate(algorithm, bits=bits, label=label)
        return GeneratedKey(made.uri.replace("software:", "device:"), made.public_key, made.private)


async def test_a_public_key_exchanged_in_the_store_is_noticed(tmp_path: Path, clock: FakeClock) -> None:
    # A device gives no private part to compare with, so the name of the key has to tell.
    async with software_ring(tmp_path, clock) as (_, store):
        ring = KeyRing(store, MASTER_KEY, BackendRegistry([_Trusting()], default="software"), clock)
        await ring.load()
        await ring.create(PURPOSE, ES256)
        async with writing(store.engine) as connection:
            stranger = fixed_signer(ES256, "stranger").public_key
            await connection.execute(update(keys).values(public_key=stranger))
        again = KeyRing(store, MASTER_KEY, BackendRegistry([_Trusting()], default="software"), clock)
        with pytest.raises(KeyStoreDamaged, match="public part"):
            await again.load()


async def test_a_row_changed_under_a_running_worker_is_noticed(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        seal = await ring.create("seal/s_1", ES256)
        async with changing(store.engine) as connection:
            await connection.execute(update(keys).values(purpose=PURPOSE))  # a seal's key, to sign tokens with
        with pytest.raises(KeyStoreDamaged):
            await ring.refresh()
        with pytest.raises(KeyMissing):
            ring.signer(PURPOSE)
        assert ring.signer("seal/s_1").key_id == seal.key_id  # what was loaded before stays


class _Trusting(SoftwareBackend):
    """Takes the public key from the store, as a token does."""

    def open(self, uri: str, algorithm: SignatureAlgorithm, public_key: bytes, private: bytes) -> Signer:
        return Pkcs11Signer(Pkcs11Token("/no/library", "none", str), Pkcs11Uri("none", b"1"), algorithm, public_key)


async def test_k05_the_key_store_at_rest_holds_nothing_to_use(tmp_path: Path, clock: FakeClock) -> None:
    canaries: list[bytes] = []

    class Noting(SoftwareBackend):
        def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
            made = super().generate(algorithm, bits=bits, label=label)
            canaries.extend((made.private, made.private[40:60]))
            return made

    async with software_ring(tmp_path, clock) as (_, store):
        ring = KeyRing(store, MASTER_KEY, BackendRegistry([Noting()], default="software"), clock)
        await ring.load()
        await ring.create(PURPOSE, ES256)
        canaries.append(await ring.create_secret("field.data"))
        files = list((tmp_path / "keys").iterdir())
        content = b"".join(file.read_bytes() for file in files)
        assert len(content) > 4096
        assert ring.signer(PURPOSE).public_key in content  # the search would find what is there
        for canary in (*canaries, MASTER_KEY, b"PRIVATE KEY"):
            assert canary not in content
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
        assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


async def test_k01_secrets_do_not_show_when_printed(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        await ring.create(PURPOSE, ES256)
        value = await ring.create_secret("field.data")
        shown = f"{ring.secrets('field.data')} {ring.records()} {await store.load()} {ring!r}"
        assert repr(value)[2:-1] not in shown
        assert "sealed" not in shown
        assert public_jwks(ring)["keys"][0].keys() == {"alg", "crv", "kid", "kty", "use", "x", "y"}
