"""A key store that version 1 of its tables made: today's program raises it, once, with everything that was in it."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from asn1crypto import x509
from sqlalchemy import insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from keys.errors import KeyStoreNewer, MasterKeyWrong
from keys.ports import KeyRecord
from keys.spec import KeyState, SignatureAlgorithm
from keys.stores.certificates import SqlCertificateStore
from keys.stores.sql import SqlKeyStore
from keys.stores.transactions import writing
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.model import CertificateStatus, Origin
from keys.x509.names import authority_name, seal_name
from keys.x509.profiles import AUTHORITIES, ROOT, SEAL, TIMESTAMP, CertificateProfile
from tests.conformance.harness import parametrised
from tests.conformance.keystore_backends import BACKENDS, CHECK, KeyStoreHarness
from tests.support import key_store_v1 as v1
from tests.unit.keys.rings import fixed_signer

NOW = dt.datetime(2026, 11, 20, 1, 0, tzinfo=dt.UTC)
ES256 = SignatureAlgorithm.ES256


async def _made(
    profile: CertificateProfile, subject: x509.Name, key: str, issuer: x509.Name, by: str
) -> x509.Certificate:
    request = CertificateRequest(subject, fixed_signer(ES256, key).public_key, NOW, NOW + profile.life, profile)
    return await build_certificate(request, issuer=issuer, signer=fixed_signer(ES256, by))


async def _certificates() -> list[tuple[str, str, x509.Certificate]]:
    root, issuing = authority_name("示范市", "Old Root"), authority_name("示范市", "Old Seal Authority")
    seal = seal_name(organisation_name="局", organisation_code="11410100MB1234567X", seal_name="章", seal_code="41")
    seals = AUTHORITIES["seals"].profile
    return [
        ("ca.root", "root", await _made(ROOT, root, "root", root, "root")),
        ("ca.seals", "issuing", await _made(seals, issuing, "issuing", root, "root")),
        ("seal", "seal", await _made(SEAL, seal, "seal", issuing, "issuing")),
        ("seal", "seal", await _made(SEAL, seal, "seal", issuing, "issuing")),
        ("seal", "lost", await _made(SEAL, seal, "lost", issuing, "issuing")),
        ("tsa/1", "unit", await _made(TIMESTAMP, root, "unit", root, "root")),
    ]


async def _fill(connection: AsyncConnection, found: list[tuple[str, str, x509.Certificate]]) -> None:
    await connection.run_sync(v1.metadata.create_all)
    await connection.execute(insert(v1.key_store).values(id=1, version=1, generation=7, master_key_check=CHECK))
    for name, purpose in (("root", "ca.root"), ("issuing", "ca.seals"), ("seal", "seal/seal_1"), ("unit", "tsa/1")):
        signer = fixed_signer(ES256, name)
        values = {
            "key_id": signer.key_id,
            "purpose": purpose,
            "algorithm": "ES256",
            "state": "active",
            "uri": f"software:{name}",
            "public_key": signer.public_key,
            "sealed": b"sealed",
            "created_at": NOW,
            "state_since": NOW,
        }
        await connection.execute(insert(v1.keys).values(values))
    for number, (purpose, key, certificate) in enumerate(found):
        values = {
            "serial": f"{certificate.serial_number:x}",
            "purpose": purpose,
            "subject_key_id": fixed_signer(ES256, key).key_id,
            "der": certificate.dump(),
            "not_after": certificate.not_valid_after,
            "created_at": NOW + dt.timedelta(minutes=number),
        }
        await connection.execute(insert(v1.certificates).values(values))


async def _old_store(harness: KeyStoreHarness) -> list[tuple[str, str, x509.Certificate]]:
    assert isinstance(harness.store, SqlKeyStore)
    found = await _certificates()
    async with writing(harness.store.engine) as connection:
        await _fill(connection, found)
    return found


@parametrised(BACKENDS)
async def test_an_old_store_is_raised_with_all_its_certificates(harness: KeyStoreHarness) -> None:
    found = await _old_store(harness)
    await asyncio.gather(*(store.open(CHECK) for store in (harness.store, *harness.others)))
    store = harness.store
    assert isinstance(store, SqlKeyStore)
    register = SqlCertificateStore(store.engine)
    editions: dict[str, int] = {}
    for purpose, key, certificate in found:
        key_id = fixed_signer(ES256, key).key_id
        editions[key_id] = editions.get(key_id, 0) + 1
        issuer = "seals" if purpose == "seal" else "root"
        issuer_key = fixed_signer(ES256, {"seals": "issuing", "root": "root"}[issuer]).key_id
        record = await register.of_serial(issuer_key, f"{certificate.serial_number:x}")
        assert record is not None
        assert (record.der, record.issuer, record.edition) == (certificate.dump(), issuer, editions[key_id])
        assert (record.status, record.origin, record.change) == (CertificateStatus.GOOD, Origin.OWN, 0)
        assert record.purpose == {"seal": "seal/seal_1", "lost": "seal"}.get(key, purpose)
        assert record.profile == {"ca.root": "root", "ca.seals": "issuing", "tsa/1": "timestamp"}.get(purpose, "seal")
        assert record.code == ("41" if purpose == "seal" else None)
    rows = await register.authorities()
    assert [(row.name, row.slug, row.key_id) for row in rows] == [
        ("root", "root", fixed_signer(ES256, "root").key_id),
        ("seals", "seals", fixed_signer(ES256, "issuing").key_id),
    ]
    assert await store.generation() == 7  # no key has changed
    key = await store.find(fixed_signer(ES256, "seal").key_id)
    assert key == KeyRecord(
        fixed_signer(ES256, "seal").key_id, "seal/seal_1", "ES256", KeyState.ACTIVE, "software:seal",
        fixed_signer(ES256, "seal").public_key, b"sealed", NOW, NOW,
    )  # fmt: skip
    async with store.engine.connect() as connection:
        assert not await connection.run_sync(lambda sync: inspect(sync).has_table("certificates"))


@parametrised(BACKENDS)
async def test_a_wrong_master_key_raises_nothing(harness: KeyStoreHarness) -> None:
    await _old_store(harness)
    with pytest.raises(MasterKeyWrong):
        await harness.store.open(bytes(16))
    assert isinstance(harness.store, SqlKeyStore)
    async with harness.store.engine.connect() as connection:
        assert (await connection.execute(select(v1.key_store.c.version))).scalar_one() == 1
        assert len((await connection.execute(select(v1.certificates))).all()) == 6


@parametrised(BACKENDS)
async def test_there_is_no_way_back(harness: KeyStoreHarness) -> None:
    await _old_store(harness)
    await harness.store.open(CHECK)
    assert isinstance(harness.store, SqlKeyStore)
    async with harness.store.engine.connect() as connection:
        version = (await connection.execute(select(v1.key_store.c.version))).scalar_one()
    assert version > 1  # which version 1 refuses at its start
    await harness.execute("UPDATE key_store_version SET version = version + 1")
    with pytest.raises(KeyStoreNewer) as refused:
        await harness.others[0].open(CHECK)
    assert "newer version" in refused.value.text.en
