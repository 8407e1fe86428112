"""Levels with our own authorities as they are: key ring, certificate authority, responder, time-stamping authority."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from api.cli.prepare import prepare
from api.settings import Settings
from api.wiring.container import Container, build_container
from core.clock import SystemClock
from core.principal import SYSTEM
from core.text import Text
from keys.spec import SignatureAlgorithm
from signing.levels import Level
from signing.model import GranteeKind, Seal, SealPdfCommand
from signing.seals.grant import GrantSealCommand
from signing.seals.order import SealOrder
from signing.stores.tables import seal_signature
from tests.support.clock import FakeClock
from tests.support.servers import SoftHsmToken
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, OFFICE, ORGANISATION, PLACE


@pytest.fixture(params=["software", "pkcs11"])
async def city(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Container, FakeClock]]:
    more: dict[str, object] = {}
    if request.param == "pkcs11":
        token: SoftHsmToken = request.getfixturevalue("softhsm")
        pin = tmp_path / "pin"
        pin.write_text(token.pin)
        pin.chmod(0o600)
        more = {
            "key_backend": "pkcs11",
            "pkcs11_module": token.module,
            "pkcs11_token": token.label,
            "pkcs11_pin_file": pin,
        }
    settings = Settings(data=tmp_path / "data", **more)
    settings.folder.mkdir()
    await prepare(settings)
    clock = FakeClock(SystemClock().now())
    container = await build_container(settings, clock)
    try:
        yield container, clock
    finally:
        await container.close()


async def _seal(container: Container, algorithm: SignatureAlgorithm, code: str) -> Seal:
    signing = container.signing
    order = SealOrder(ORGANISATION, Text(OFFICE, "Housing"), code, algorithm=algorithm)
    seal = await signing.create_seal(order, actor=SYSTEM)
    days = dt.date(2020, 1, 1), dt.date(2099, 12, 31)
    grant = GrantSealCommand(seal.id, GranteeKind.CLIENT, CLIENT.id, ("document",), *days, SYSTEM)
    await signing.grant_seal(grant)
    return seal


async def test_every_level_under_our_own_authorities(city: tuple[Container, FakeClock]) -> None:
    container, clock = city
    seals = [await _seal(container, SignatureAlgorithm.RS256, "4101990000017")]
    seals.append(await _seal(container, SignatureAlgorithm.ES256, "4101990000025"))
    sealed = []
    for seal, level in itertools.product(seals, Level):
        made = await container.signing.seal_pdf(
            SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE, level=level, level_policy=None)
        )
        assert (made.level, made.level_wanted) == (level.value, level.value)
        sealed.append((level, made.content))
    clock.advance(60)
    for level, content in sealed:
        report = await container.signing.verify_pdf(content)
        assert (report.conclusion, report.signatures[0].level) == ("genuine", level.value)
        assert report.signatures[0].known_seal is not None
        assert report.signatures[0].known_seal.recorded_at is not None, "the ledger knows the signed revision"


@pytest.mark.parametrize("city", ["software"], indirect=True)
async def test_a_time_stamp_proves_though_its_authority_is_younger_than_the_beginning_of_sealing(
    city: tuple[Container, FakeClock],
) -> None:
    """The ledger names the moment at which sealing began; the first stamp of all makes its authority's key later."""
    container, clock = city
    seal = await _seal(container, SignatureAlgorithm.ES256, "4101990000017")
    clock.advance(30)
    made = await container.signing.seal_pdf(
        SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE, level=Level.B_LTA, level_policy=None)
    )
    async with container.ground.database.write() as tx:
        began = clock.now() - dt.timedelta(seconds=20)
        await tx.connection.execute(update(seal_signature).values(signed_at=began))
        await tx.commit()
    clock.advance(60)
    (found,) = (await container.signing.verify_pdf(made.content)).signatures
    assert (found.level, found.known_seal is not None) == ("PAdES-B-LTA", True)
