"""Sealing with the key ring as it is: software keys and a PKCS#11 token, under the development authority."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.db.database import Database
from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.registry import BackendRegistry
from keys.backends.software import SoftwareBackend
from keys.errors import KeyRefused
from keys.keyring import KeyRing
from keys.ports import KeyBackend
from keys.settings import Pkcs11Settings
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use
from keys.stores.sql import open_key_store
from signing.model import SealPdfCommand
from tests.support.clock import FakeClock
from tests.support.pki_world import development_pki
from tests.support.servers import SoftHsmToken
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, OFFICE, ORGANISATION, PLACE, SEAL_CODE, SealOffice


@pytest.fixture(params=["software", "pkcs11"])
async def office(
    request: pytest.FixtureRequest, sqlite_database: Database, clock: FakeClock, tmp_path: Path
) -> AsyncIterator[SealOffice]:
    backends: list[KeyBackend] = [SoftwareBackend()]
    if request.param == "pkcs11":
        token: SoftHsmToken = request.getfixturevalue("softhsm")
        backends.append(
            Pkcs11Backend(Pkcs11Settings(module=Path(token.module), token=token.label, pin=SecretStr(token.pin)))
        )
    store = open_key_store(f"sqlite:///{tmp_path / 'keyring.db'}")
    try:
        ring = KeyRing(store, b"k" * 32, BackendRegistry(backends, default=request.param), clock)
        await ring.load()
        pki = await development_pki(ring, store, clock)
        yield SealOffice(sqlite_database, clock, ring, pki.seals)
    finally:
        await store.close()


@pytest.mark.parametrize("algorithm", [a for a, row in ALGORITHMS.items() if Use.DOCUMENT in row.uses], ids=str)
async def test_sealed_with_the_ring_is_genuine(office: SealOffice, algorithm: SignatureAlgorithm) -> None:
    assert isinstance(office.keys, KeyRing)
    if algorithm not in office.keys._backends.making(None).algorithms():
        with pytest.raises(KeyRefused):  # said so, and nothing made in another place instead
            await office.make_seal(algorithm=algorithm)
        return
    seal = await office.make_seal(algorithm=algorithm)
    await office.grant(seal)
    for _ in range(2):
        sealed = await office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE))
        report = await office.verify_pdf(sealed.content)
        assert (report.indication, report.conclusion) == ("TOTAL-PASSED", "genuine")
        (signature,) = report.signatures
        assert (signature.organisation, signature.organisation_code) == (OFFICE, ORGANISATION)
        assert signature.seal_code == SEAL_CODE


async def test_flipped_digits_of_a_real_seal_are_noticed(office: SealOffice) -> None:
    """The real authority's certificates differ from the test's own: their bytes must be pinned as well (S-24)."""
    seal = await office.make_seal()
    await office.grant(seal)
    sealed = (await office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE))).content
    start = sealed.rindex(b"/Contents <") + len(b"/Contents <")
    for position in range(start, sealed.index(b">", start), 23):
        changed = bytearray(sealed)
        changed[position] = ord("5") if sealed[position] != ord("5") else ord("6")
        assert (await office.verify_pdf(bytes(changed))).conclusion != "genuine", position
