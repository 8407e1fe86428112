"""The folder of the ceremony before, believed only after everything in it was checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.text import Text
from keys.ceremony import protocol as protocols
from keys.ceremony.authority import REASONS
from keys.ceremony.errors import CeremonyRefused
from keys.ceremony.model import Holder, Issued
from keys.ceremony.protocol import HISTORY, Protocol, digests, read_protocol
from keys.ceremony.sealed_root import FILE, SealedRoot, read_sealed_root
from keys.ceremony.verify import check_folder


@dataclass(frozen=True, slots=True)
class Former:
    """What the last ceremony left.

    Attributes:
        files: all of its folder, by name.
        certificate: of the root, DER.
    """

    files: Mapping[str, bytes]
    protocol: Protocol
    sealed: SealedRoot
    certificate: bytes

    @property
    def holders(self) -> Sequence[Holder]:
        return self.protocol.sharing.holders

    @property
    def carried(self) -> dict[str, bytes]:
        """What the next folder has too: certificates, list and sealed key; protocols go to the history."""
        return {name: self.files[name] for name in self.protocol.outputs if not name.startswith(f"{HISTORY}/")}

    @property
    def inputs(self) -> dict[str, str]:
        """The files that a ceremony with this root begins with."""
        return digests({name: self.files[name] for name in (*self.carried, protocols.FILE)})

    def issued(self, serial: str) -> Issued:
        """
        Raises:
            CeremonyRefused: this root has not issued it.
        """
        found = next((one for one in self.protocol.issued if one.serial == serial), None)
        if found is None:
            raise CeremonyRefused(
                Text(f"该根证书没有签发过 {serial}。", f"This root has not issued a certificate {serial}.")
            )
        return found

    def check_clock(self, at: dt.datetime) -> None:
        """
        Raises:
            CeremonyRefused: the machine's clock says that the last ceremony is still to come.
        """
        if at < self.protocol.ended:
            raise CeremonyRefused(
                Text(
                    "计算机时间早于上次仪式，请先校准时钟。",
                    "The clock is behind the last ceremony: set it right and begin again.",
                )
            )

    def check_alive(self, at: dt.datetime) -> None:
        """
        Raises:
            CeremonyRefused: the root's own time is over.
        """
        if not self.protocol.root.not_before <= at <= self.protocol.root.not_after:
            raise CeremonyRefused(
                Text("根证书已过有效期，请建立新的根证书。", "The root's time is over: make a new root.")
            )

    def check_revocations(self, revocations: Mapping[str, str]) -> None:
        """
        Raises:
            CeremonyRefused: unknown, revoked already, or for no known reason.
        """
        for serial, reason in revocations.items():
            if self.issued(serial).revoked_at is not None:
                raise CeremonyRefused(Text(f"{serial} 已经吊销。", f"{serial} is revoked already."))
            if reason not in REASONS:
                known = ", ".join(REASONS)
                raise CeremonyRefused(Text(f"吊销原因应为：{known}。", f"The reason is one of: {known}."))

    def revoked(self, revocations: Mapping[str, str], *, at: dt.datetime) -> tuple[Issued, ...]:
        """The register after these revocations."""
        return tuple(
            replace(one, revoked_at=at, reason=revocations[one.serial]) if one.serial in revocations else one
            for one in self.protocol.issued
        )


def read_former(files: Mapping[str, bytes]) -> Former:
    """
    Raises:
        CeremonyRefused: something in the folder is not as it was left; the text says what.
    """
    check_folder(files)
    return Former(files, read_protocol(files[protocols.FILE]), read_sealed_root(files[FILE]), files["root.cer"])
