"""Licences at the archive level by configuration, with our own authorities, from their issue to their renewal
(ETSI EN 319 142-1 §5.5, §6.3)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from api.cli.prepare import prepare
from api.demo import catalogue as demo_catalogue
from api.demo import city
from api.settings import Settings
from api.wiring.container import Container, build_container
from certstore.codes import CITIZEN_ID
from certstore.issue import IssueCommand
from certstore.making import HolderInput
from certstore.stores.lasting_tables import licence_file_care
from certstore.stores.tables import licence_file
from core.clock import SystemClock
from core.principal import Principal, PrincipalKind
from tests.support.clock import FakeClock

HOUSING = Principal(
    PrincipalKind.CLIENT,
    city.HOUSING_SYSTEM.id,
    city.HOUSING_SYSTEM.organisation.code,
    scopes=frozenset(city.HOUSING_SYSTEM.scopes),
)
DATA = {
    "location": "示例市青石区演示路 20 号 2 幢",
    "area": 88.6,
    "registered_on": "2026-11-20",
    "ownership": "共同共有",
    "mortgage": "无",
}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Container]:
    """The demo city, whose licences were issued at B-T, after somebody asked for more."""
    folder = tmp_path / "data"
    folder.mkdir()
    await prepare(Settings(data=folder, mode="development", demo=True))
    settings = Settings(data=folder, mode="development", demo=True, licence_level="B-LTA")
    container = await build_container(settings, FakeClock(SystemClock().now()))
    try:
        yield container
    finally:
        await container.close()


async def _issue(service: Container) -> str:
    holder = HolderInput(CITIZEN_ID, city.LIN.id_number, city.LIN.name)
    command = IssueCommand(demo_catalogue.PROPERTY.code, [holder], DATA, "level", "档案级第 1 号")
    return (await service.certstore.issue(command, HOUSING)).id


async def _original(service: Container, licence_id: str) -> bytes:
    file = await service.certstore.read.original(licence_id, HOUSING)
    assert file.sha256 == hashlib.sha256(file.content).hexdigest()
    return file.content


async def _is_known(service: Container, content: bytes, stamps: int) -> None:
    """Genuine at the archive level, with so many document time-stamps; the repository still knows its own file."""
    report = await service.signing.verify_pdf(content)
    (signature,) = report.signatures
    assert (report.conclusion, signature.level, len(report.timestamps)) == ("genuine", "PAdES-B-LTA", stamps)
    verdict = await service.certstore.verify_file(content, HOUSING)
    assert (verdict.state, verdict.same_file) == ("valid", True)
    # ledger, public log and chain speak of the signed revision
    signed = hashlib.sha256(content[: signature.end]).hexdigest()
    receipt = await service.public_log.prove.receipt(signed)
    assert signed in str(receipt.document())


async def test_licences_are_issued_at_the_level_and_renewed(service: Container) -> None:
    clock = service.ground.clock
    assert isinstance(clock, FakeClock)
    licence_id = await _issue(service)
    issued = await _original(service, licence_id)
    await service.public_log.keep()
    await _is_known(service, issued, 1)
    async with service.ground.database.write() as tx:
        (due_at,) = (await tx.connection.execute(select(licence_file_care.c.due_at))).scalars()
        assert due_at > clock.now() + dt.timedelta(days=30), "its time-stamp is good for long"
        # years pass; our own authorities are not made to run through them here
        await tx.connection.execute(update(licence_file_care).values(due_at=clock.now()))
        await tx.commit()
    clock.advance(60)
    former = [one async for one in _older(service, licence_id)]
    assert former
    async with service.ground.database.read() as tx:
        files = (await tx.connection.execute(select(func.count()).select_from(licence_file))).scalar_one()
    assert await service.prolong_originals() == files, "those of every authority"
    renewed = await _original(service, licence_id)
    assert renewed.startswith(issued)
    assert len(renewed) > len(issued)
    await _is_known(service, renewed, 2)
    (line,) = await service.certstore.read.versions(licence_id, HOUSING)
    assert line.chained
    for older, content in former:  # issued at B-T, before the level was asked for
        longer = await _original(service, older)
        assert longer.startswith(content)
        await _is_known(service, longer, 1)
    assert await service.prolong_originals() == 0
    # what somebody else puts behind a renewed file is a change, as ever
    forged = renewed + renewed[len(issued) :]
    assert (await service.certstore.verify_file(forged, HOUSING)).judgement.conclusion != "genuine"


async def _older(service: Container, but: str) -> AsyncIterator[tuple[str, bytes]]:
    """What the housing office issued before, with its file."""
    for one in (await service.certstore.read.issued(HOUSING)).items:
        if one.id != but:
            yield one.id, await _original(service, one.id)
