"""Taking a root into service on a real register: once or twice, newer and older, two workers at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.wiring.pki import PkiServices
from keys.ceremony.canonical import digest
from keys.ceremony.errors import CeremonyRefused
from keys.ceremony.former import read_former
from keys.ceremony.install import Installed, InstallRoot
from keys.ceremony.later import sign_with_root
from keys.ceremony.room import Orders
from keys.errors import KeyMissing
from keys.keyring import KeyRing
from keys.stores.revocation_lists import SqlListStore
from keys.stores.sql import SqlKeyStore
from keys.x509.model import CertificateStatus
from tests.support.ceremony_root import PKI_URL, Ground
from tests.support.clock import FakeClock
from tests.support.pki_world import pki_of
from tests.unit.keys.rings import software_ring

Files = Mapping[str, bytes]


@dataclass
class Worker:
    """One worker of a service that has no root yet."""

    ring: KeyRing
    pki: PkiServices
    store: SqlKeyStore
    clock: FakeClock

    @property
    def lists(self) -> SqlListStore:
        return SqlListStore(self.store.engine)

    async def install(self, files: Files) -> Installed:
        installing = InstallRoot(self.pki.install, self.pki.authorities, self.pki.certificates, self.lists, self.clock)
        return await installing(files, fingerprint=digest(files["root.cer"]))

    async def published(self, root_key_id: str) -> int:
        found = await self.lists.get(root_key_id, None)
        assert found is not None
        return found.number


@pytest.fixture
async def worker(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Worker]:
    async with software_ring(tmp_path, clock) as (ring, store):
        yield Worker(ring, await pki_of(ring, store, clock), store, clock)


@pytest.fixture
async def other(worker: Worker, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Worker]:
    async with software_ring(tmp_path, clock) as (ring, store):
        yield Worker(ring, await pki_of(ring, store, clock), store, clock)


@pytest.fixture
def ground(clock: FakeClock) -> Ground:
    return Ground(clock=clock)


async def _founded(ground: Ground, worker: Worker) -> dict[str, bytes]:
    request = await worker.pki.install.request_authority("seals")
    return await ground.found(requests={"seals": request.der})


async def _revoking(ground: Ground, files: Files) -> dict[str, bytes]:
    former = read_former(files)
    return await sign_with_root(
        Orders("", {}, {former.protocol.issued[0].serial: "keyCompromise"}), former, ground.room
    )


async def test_a_root_is_installed_and_its_authority_issues(ground: Ground, worker: Worker) -> None:
    files = await _founded(ground, worker)
    with pytest.raises(KeyMissing):
        worker.pki.authorities.issuing("seals")
    first = await worker.install(files)
    assert worker.pki.authorities.issuing("seals").chain == (files["seals.cer"], files["root.cer"])
    assert [*worker.pki.authorities.roots()] == [files["root.cer"]]
    assert await worker.published(first.root.subject_key_id) == 1
    assert await worker.install(files) == first  # again changes nothing


async def test_a_revocation_ends_an_authority_everywhere(ground: Ground, worker: Worker, other: Worker) -> None:
    files = await _founded(ground, worker)
    await worker.install(files)
    await other.ring.refresh()
    await other.pki.authorities.refresh()
    assert other.pki.authorities.issuing("seals")
    newer = await _revoking(ground, files)
    done = await worker.install(newer)
    assert [one.purpose for one in done.revoked] == ["ca.seals"]
    await other.pki.authorities.refresh()
    for one in (worker, other):
        with pytest.raises(KeyMissing):
            one.pki.authorities.issuing("seals")
    record = await worker.pki.certificates.find(digest(files["seals.cer"]))
    assert record is not None
    assert (record.status, record.reason) == (CertificateStatus.REVOKED, "keyCompromise")
    with pytest.raises(CeremonyRefused, match="2 is published already"):
        await other.install(files)
    with pytest.raises(KeyMissing):
        other.pki.authorities.issuing("seals")


async def test_of_two_lists_at_once_the_newer_one_stays(ground: Ground, worker: Worker, other: Worker) -> None:
    older = await _founded(ground, worker)
    newer = await _revoking(ground, older)
    root = (await worker.install(older)).root
    results = await asyncio.gather(worker.install(newer), other.install(older), return_exceptions=True)
    assert not isinstance(results[0], BaseException)
    assert results[1] is None or isinstance(results[1], Installed | CeremonyRefused)
    assert await worker.published(root.subject_key_id) == 2


async def test_a_revoked_authority_does_not_slip_in_beside_a_newer_list(
    ground: Ground, worker: Worker, other: Worker
) -> None:
    """The newer list is published between the older folder's list and its certificates."""
    older = await _founded(ground, worker)
    newer = await _revoking(ground, older)
    await other.ring.refresh()
    slow = other.pki.install.install_authority

    async def meanwhile(*arguments: object) -> object:
        await worker.install(newer)
        return await slow(*arguments)  # type: ignore[arg-type]  # what it was called with

    other.pki.install.install_authority = meanwhile  # type: ignore[method-assign,assignment]  # the other worker wins
    done = await other.install(older)
    assert [one.purpose for one in done.revoked] == ["ca.seals"]
    for one in (worker, other):
        await one.pki.authorities.refresh()
        with pytest.raises(KeyMissing):
            one.pki.authorities.issuing("seals")


async def test_a_renewed_authority_takes_over(ground: Ground, worker: Worker) -> None:
    files = await _founded(ground, worker)
    await worker.install(files)
    request = await worker.pki.install.request_authority("seals")
    ground.clock.advance(86400)  # type: ignore[attr-defined]  # a FakeClock
    former = read_former(files)
    renewed = await sign_with_root(Orders(PKI_URL, {"seals": request.der}), former, ground.room)
    await worker.install(renewed)
    assert worker.pki.authorities.issuing("seals").der == renewed["seals.cer"] != files["seals.cer"]


async def test_a_certificate_for_the_key_of_another_system_is_left_alone(ground: Ground, worker: Worker) -> None:
    files = await ground.found()  # for a key of nobody here
    done = await worker.install(files)
    assert done.foreign == ("seals",)
    assert done.authorities == {}
    with pytest.raises(KeyMissing):
        worker.pki.authorities.issuing("seals")


async def test_another_list_with_the_same_number_is_refused(ground: Ground, worker: Worker) -> None:
    """Two ceremonies from one folder make two lists with one number: only the first may be published."""
    files = await _founded(ground, worker)
    await worker.install(files)
    one, two = await _revoking(ground, files), await sign_with_root(Orders(""), read_former(files), ground.room)
    root = (await worker.install(one)).root
    with pytest.raises(CeremonyRefused, match="another one with this number"):
        await worker.install(two)
    assert await worker.published(root.subject_key_id) == 2
    assert (await worker.install(one)).list_number == 2
