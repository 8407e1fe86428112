"""The crypto boundary put together: first start, second start, and the starts that must not happen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from api.wiring.keys import KeysServices, build_keys, ensure_service_keys
from api.wiring.pki import PkiServices, build_pki
from api.wiring.rotation import rotation_policies
from core.clock import SystemClock
from idp.settings import IdpSettings
from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.software import SoftwareBackend
from keys.errors import DevelopmentOnly, KeyRefused, KeyStateConflict, KeyStoreDamaged, MasterKeyMissing, MasterKeyWrong
from keys.jose.declarations import DECLARATION_PURPOSE
from keys.jose.decryption_keys import ENCRYPTION_PURPOSE
from keys.jose.jwk import TOKEN_PURPOSES, public_jwks
from keys.journal import KeyStep
from keys.profile import Profile
from keys.secrets.purposes import ACCESS_TOKENS, PEOPLE, SERVICE_SECRETS
from keys.settings import KeysSettings
from keys.spec import KeyState, SignatureAlgorithm
from keys.stores.journal import SqlKeyJournal
from keys.x509.settings import PkiSettings
from tests.conformance.signer_backends import token_settings
from tests.support.clock import FakeClock
from tests.support.servers import SoftHsmToken
from tests.unit.keys.rings import CLIENT, ISSUER, id_token_claims

CITY = "示范市"


def _settings(folder: Path, **changes: Any) -> KeysSettings:
    values = {
        "store_url": f"sqlite:///{folder}/keys/keyring.db",
        "master_key_file": folder / "keys" / "master.key",
        "production": False,
    }
    return KeysSettings(**(values | changes))


async def _started(folder: Path, clock: FakeClock, **changes: Any) -> KeysServices:
    services = await build_keys(_settings(folder, **changes), clock)
    await ensure_service_keys(services.ring)
    await (await _pki(services, clock)).ensure_development()
    return services


async def _pki(services: KeysServices, clock: FakeClock, *, production: bool = False) -> PkiServices:
    return await build_pki(services, clock, PkiSettings(url="http://pki.example", city=CITY, production=production))


async def test_the_first_start_makes_everything(tmp_path: Path, clock: FakeClock) -> None:
    services = await _started(tmp_path, clock)
    assert {record.purpose for record in services.ring.records()} == {
        "oidc.es256", "oidc.rs256", "oidc.pairwise", ENCRYPTION_PURPOSE, ACCESS_TOKENS, *SERVICE_SECRETS,
        DECLARATION_PURPOSE, "ca.root", "ca.seals", "ca.persons", "ca.timestamps", "ca.machines"
    }  # fmt: skip
    people = services.secrets.fields.people
    assert people.decrypt(people.encrypt("王小明", context="people.name:1"), context="people.name:1") == "王小明"
    assert len(services.secrets.indexes.people.digest("phone", "13800000000")) == 48
    assert await services.passwords.verify("secret", await services.passwords.hash("secret"))
    assert len((await _pki(services, clock)).seals.issuing_chain()) == 2
    for algorithm in TOKEN_PURPOSES:
        token = services.signer.sign(id_token_claims(clock), typ="JWT", algorithm=algorithm)
        assert services.verifier.verify(token, typ="JWT", issuer=ISSUER, audience=CLIENT)
    await services.close()


async def test_the_second_start_makes_and_checks_no_key(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await _started(tmp_path, clock)
    keys, chain = public_jwks(first.ring), (await _pki(first, clock)).seals.issuing_chain()
    await first.close()

    def refuse(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a start must not make keys")

    monkeypatch.setattr(SoftwareBackend, "generate", refuse)
    monkeypatch.setattr(rsa, "generate_private_key", refuse)
    monkeypatch.setattr(ec, "generate_private_key", refuse)
    second = await _started(tmp_path, clock)
    assert public_jwks(second.ring) == keys
    assert (await _pki(second, clock)).seals.issuing_chain() == chain
    await second.close()


async def test_workers_that_start_together_agree(tmp_path: Path, clock: FakeClock) -> None:
    workers = await asyncio.gather(*(_started(tmp_path, clock) for _ in range(3)))
    for worker in workers:
        await worker.ring.refresh()
    assert len({repr(public_jwks(worker.ring)) for worker in workers}) == 1
    assert len({worker.secrets.indexes.people.digest("phone", "1") for worker in workers}) == 1
    assert len({tuple((await _pki(worker, clock)).seals.issuing_chain()) for worker in workers}) == 1
    for worker in workers:
        await worker.close()


async def test_k10_production_makes_no_master_key(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(MasterKeyMissing):
        await build_keys(_settings(tmp_path, production=True), clock)
    assert not (tmp_path / "keys" / "master.key").exists()


async def test_k10_production_makes_no_development_keys(tmp_path: Path, clock: FakeClock) -> None:
    services = await build_keys(_settings(tmp_path), clock)
    with pytest.raises(DevelopmentOnly):
        await (await _pki(services, clock, production=True)).ensure_development()
    assert services.ring.records() == []
    await ensure_service_keys(services.ring)  # asked for by name, by the people who run it
    assert len(services.ring.records()) == 13
    await services.close()


async def test_a_lost_master_key_is_not_replaced(tmp_path: Path, clock: FakeClock) -> None:
    await (await _started(tmp_path, clock)).close()
    file = tmp_path / "keys" / "master.key"
    kept = file.read_text()
    file.unlink()
    with pytest.raises(MasterKeyMissing):
        await build_keys(_settings(tmp_path), clock)
    assert not file.exists()
    file.write_text(kept)
    file.chmod(0o600)
    await (await build_keys(_settings(tmp_path), clock)).close()


async def test_another_master_key_is_not_taken(tmp_path: Path, clock: FakeClock) -> None:
    await (await _started(tmp_path / "a", clock)).close()
    await (await _started(tmp_path / "b", clock)).close()
    with pytest.raises(MasterKeyWrong):
        await build_keys(_settings(tmp_path / "a", master_key_file=tmp_path / "b" / "keys" / "master.key"), clock)


async def test_a_damaged_store_does_not_start(tmp_path: Path, clock: FakeClock) -> None:
    services = await _started(tmp_path, clock)
    record = next(record for record in services.ring.records() if record.purpose == PEOPLE)
    assert record.sealed is not None
    await services.close()
    database = tmp_path / "keys" / "keyring.db"
    content = bytearray(database.read_bytes())
    position = content.index(record.sealed) + 20
    content[position] ^= 1
    database.write_bytes(content)
    with pytest.raises(KeyStoreDamaged, match=r"field\.people"):
        await build_keys(_settings(tmp_path), clock)


async def test_seal_keys_live_on_the_token_beside_the_others(
    tmp_path: Path, clock: FakeClock, softhsm: SoftHsmToken
) -> None:
    services = await _started(tmp_path, clock, pkcs11=token_settings(softhsm))
    signer = await services.ring.create("seal/s_1", SignatureAlgorithm.RS256, backend="pkcs11", bits=2048)
    assert signer.blocking
    assert not services.ring.signer("oidc.es256").blocking
    signature = signer.sign(b"law")
    await services.close()
    again = await build_keys(_settings(tmp_path, pkcs11=token_settings(softhsm)), clock)
    assert again.ring.signer("seal/s_1").sign(b"law") == signature  # PKCS #1 v1.5 has no randomness
    await again.close()


async def test_a_worker_follows_changes_by_itself(tmp_path: Path) -> None:
    clock = SystemClock()
    first = await build_keys(_settings(tmp_path), clock)
    second = await build_keys(_settings(tmp_path, refresh_seconds=0.01), clock)
    following = asyncio.create_task(second.keep_fresh())
    await first.ring.create("oidc.es256", SignatureAlgorithm.ES256)
    async with asyncio.timeout(20):
        while not second.ring.verification_keys("oidc.es256"):
            await asyncio.sleep(0.01)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await first.close()
    await second.close()


async def test_a_store_that_is_away_for_a_moment_ends_nothing(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = await build_keys(_settings(tmp_path, refresh_seconds=0.001), clock)
    looks = 0

    async def away() -> int:
        nonlocal looks
        looks += 1
        raise OSError("no route to the key store")

    monkeypatch.setattr(services.store, "generation", away)
    following = asyncio.create_task(services.keep_fresh())
    async with asyncio.timeout(20):
        while looks < 3:
            await asyncio.sleep(0.001)
    assert not following.done()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await services.close()


async def test_a_key_of_the_department_is_adopted_and_outlives_its_record(
    tmp_path: Path, clock: FakeClock, softhsm: SoftHsmToken
) -> None:
    services = await _started(tmp_path, clock, pkcs11=token_settings(softhsm))
    ring, rs256 = services.ring, SignatureAlgorithm.RS256
    backend = Pkcs11Backend(token_settings(softhsm))
    theirs = backend.generate(rs256, bits=2048, label="theirs")
    assert await ring.adopt("seal/s_1", theirs.uri, rs256) is KeyState.ACTIVE
    assert ring.signer("seal/s_1").public_key == theirs.public_key
    with pytest.raises(KeyStateConflict):
        await ring.adopt("seal/s_2", theirs.uri, rs256)  # one key, one purpose
    with pytest.raises(KeyRefused):
        await ring.adopt("oidc.es256", "software:abc", SignatureAlgorithm.ES256)
    other = backend.generate(SignatureAlgorithm.ES256, bits=256, label="theirs")
    assert await ring.adopt("oidc.es256", other.uri, SignatureAlgorithm.ES256) is KeyState.NEXT
    key_id = ring.signer("seal/s_1").key_id
    await ring.revoke(key_id)
    assert await ring.destroy(key_id)
    still = backend.open(theirs.uri, rs256, theirs.public_key, b"")
    assert still.sign(b"law")  # it was on the token before us, and is not ours to destroy
    steps = [event.step for event in await SqlKeyJournal(services.store.engine).of_key(key_id)]
    assert steps == [KeyStep.ADOPTED, KeyStep.ACTIVATED, KeyStep.REVOKED, KeyStep.DESTROYED]
    await services.close()


async def test_a_national_city_has_one_more_token_key_that_rotates_like_the_others(
    tmp_path: Path, clock: FakeClock
) -> None:
    services = await build_keys(_settings(tmp_path, profile=Profile.BOTH), clock)
    await ensure_service_keys(services.ring, Profile.BOTH)
    await ensure_service_keys(services.ring, Profile.BOTH)  # once is enough
    sm2 = SignatureAlgorithm.SM2_SM3
    old = services.signer.sign(id_token_claims(clock), typ="JWT", algorithm=sm2)
    published = await services.ring.prepare_next("oidc.sm2")
    assert published is not None
    kids = [key["kid"] for key in public_jwks(services.ring)["keys"] if key["alg"] == "SGD_SM3_SM2"]
    assert len(kids) == 2
    assert published.key_id in kids
    clock.advance(7 * 86_400)
    await services.ring.rotate("oidc.sm2")
    new = services.signer.sign(id_token_claims(clock), typ="JWT", algorithm=sm2)
    assert services.verifier.verify(new, typ="JWT", issuer=ISSUER, audience=CLIENT)
    assert services.verifier.verify(old, typ="JWT", issuer=ISSUER, audience=CLIENT, accept_expired=True)
    schedule = rotation_policies(services.settings, IdpSettings(issuer=ISSUER))
    assert schedule.of("oidc.sm2") == schedule.of("oidc.es256") is not None
    await services.close()


async def test_a_token_without_sm2_leaves_that_key_to_memory(
    tmp_path: Path, clock: FakeClock, softhsm: SoftHsmToken
) -> None:
    settings = _settings(tmp_path, pkcs11=token_settings(softhsm), default_backend="pkcs11", profile=Profile.NATIONAL)
    services = await build_keys(settings, clock)
    await ensure_service_keys(services.ring, Profile.NATIONAL)
    schemes = {one.purpose: one.uri.partition(":")[0] for one in services.ring.records()}
    assert (schemes["oidc.es256"], schemes["oidc.sm2"]) == ("pkcs11", "software")
    await services.close()
