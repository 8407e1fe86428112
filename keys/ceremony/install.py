"""Taking the results of a ceremony into service: the root is trusted, its list is published, its authorities issue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asn1crypto import x509

from core.clock import Clock
from core.text import Text
from keys.ceremony.errors import CeremonyRefused
from keys.ceremony.take_over import RootList, TakeOver, read_root_list, read_take_over
from keys.errors import CertificateRefused
from keys.x509.authorities import Authorities
from keys.x509.install import InstallAuthority
from keys.x509.model import CertificateRecord, CertificateStatus, StoredList
from keys.x509.ports import CertificateStore, ListStore
from keys.x509.subject_key import key_id_of


@dataclass(frozen=True, slots=True)
class Installed:
    """What was taken into service.

    Attributes:
        revoked: authorities' certificates that the root's list ended here.
        foreign: names of authorities whose certificates are for keys of another system; nothing was done with them.
    """

    root: CertificateRecord
    list_number: int
    authorities: Mapping[str, CertificateRecord]
    revoked: tuple[CertificateRecord, ...]
    foreign: tuple[str, ...]


class InstallRoot:
    """Installs what `read_take_over` has checked. Doing it again changes nothing."""

    def __init__(
        self,
        install: InstallAuthority,
        authorities: Authorities,
        certificates: CertificateStore,
        lists: ListStore,
        clock: Clock,
    ) -> None:
        self._install = install
        self._authorities = authorities
        self._certificates = certificates
        self._lists = lists
        self._clock = clock

    async def __call__(self, files: Mapping[str, bytes], *, fingerprint: str) -> Installed:
        """
        Args:
            files: that were carried over, by name.
            fingerprint: of the root's certificate, typed from the signed paper.

        Raises:
            CeremonyRefused: another root, or a list older than the published one, or something that is over.
        """
        taken = read_take_over(files, fingerprint=fingerprint, at=self._clock.now())
        key_id = key_id_of(x509.Certificate.load(taken.root).public_key.dump())
        await self._check_newer(key_id, taken)
        root = await self._install.install_root(taken.root)
        await self._publish(key_id, taken.revocations)
        # what is revoked ends before anything new is put in service
        revoked = await self._revoke(key_id, taken.revocations)
        installed, foreign = {}, []
        for name, certificate in taken.authorities.items():
            try:
                installed[name] = await self._install.install_authority(name, certificate, [taken.root])
            except CertificateRefused:
                foreign.append(name)
        # another worker may have published a newer list while this one was installing
        revoked += await self._revoke(key_id, await self._published(key_id, taken.root))
        await self._authorities.load()
        return Installed(root, taken.revocations.number, installed, revoked, tuple(foreign))

    async def _published(self, key_id: str, root: bytes) -> RootList:
        published = await self._lists.get(key_id, None)
        assert published is not None  # this worker has published one, and none is ever taken away
        return read_root_list(published.der, root, at=self._clock.now())

    async def _check_newer(self, key_id: str, taken: TakeOver) -> None:
        published = await self._lists.get(key_id, None)
        if published is not None:
            found = read_root_list(taken.revocations.der, taken.root, at=self._clock.now(), after=published.number)
            if found.number == published.number and found.der != published.der:
                raise _refused()

    async def _publish(self, key_id: str, found: RootList) -> None:
        """One atomic step decides: of two lists that come at once, the higher number stays."""
        row = next(one for one in await self._certificates.authorities() if one.key_id == key_id)
        made = StoredList(
            authority_key_id=key_id,
            part=None,
            number=found.number,
            der=found.der,
            this_update=found.this_update,
            next_update=found.next_update,
            changes=row.changes,
            entries=len(found.revoked),
        )
        if not await self._lists.keep(made):
            published = await self._lists.get(key_id, None)
            if published is None or published.der != found.der:
                raise _refused()

    async def _revoke(self, key_id: str, found: RootList) -> tuple[CertificateRecord, ...]:
        ended = []
        for serial, (at, reason) in found.revoked.items():
            record = await self._certificates.of_serial(key_id, serial)
            if record is not None and await self._certificates.change_status(
                record.sha256,
                expected=(CertificateStatus.GOOD, CertificateStatus.HELD),
                new=CertificateStatus.REVOKED,
                at=at,
                reason=reason,
            ):
                await self._certificates.touch(record.subject_key_id)
                ended.append(record)
        return tuple(ended)


def _refused() -> CeremonyRefused:
    return CeremonyRefused(
        Text(
            "已公布的吊销列表更新，或编号相同而内容不同。",
            "A newer revocation list is published already, or another one with this number.",
        )
    )
