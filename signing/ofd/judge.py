"""Judges the signatures of a package: every file that is shown must be under every signature, and be what was signed.

A signature may have been followed by others: the list of signatures and the files of those behind it are all that may
be there without its protection. Whatever else stands in the package unprotected, a page among it, is told by name.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from signing.eseal.judge import StampJudge, StampVerdict
from signing.eseal.read import StructureRefused, read_seal
from signing.ofd.coverage import DIGESTS, changed_files, spared_files, unprotected_files
from signing.ofd.package import Package
from signing.ofd.signatures import PackageSignature, SignatureList


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """What is to be said of one signature.

    Attributes:
        stamp: the ten steps of its stamp; None for a signature without a seal, which is not judged.
        faults: short stable words: `digest-method`, `seal-file`, `subject`, `kind`.
        changed: protected files that are other than what was signed, or gone.
        unprotected: files that it does not protect.
    """

    signature: PackageSignature
    stamp: StampVerdict | None
    faults: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unprotected: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        whole = not (self.faults or self.changed or self.unprotected)
        return whole and self.stamp is not None and self.stamp.good


class PackageJudge:
    """
    Args:
        stamps: judges SES_Signature.
    """

    def __init__(self, stamps: StampJudge) -> None:
        self._stamps = stamps

    async def judge(self, package: Package, listed: SignatureList, *, now: dt.datetime) -> Sequence[SignatureVerdict]:
        """
        Raises:
            PackageRefused: a signed value is missing.
            core.errors.Unavailable: trust lists or register cannot be read.
        """
        return [
            await self._one(package, listed, place, signature, now) for place, signature in enumerate(listed.signatures)
        ]

    async def _one(
        self, package: Package, listed: SignatureList, place: int, signature: PackageSignature, now: dt.datetime
    ) -> SignatureVerdict:
        faults, stamp = [], None
        digests = {path: hashlib.new("sm3", content).digest() for path, content in package.files.items()}
        if signature.kind == "Seal":
            stamp = await self._stamps.judge(package[signature.value_path], digest=digests[signature.path], now=now)
            seal = None if signature.seal_path is None else package[signature.seal_path]
            faults += binding_faults(stamp, signature.path, seal)
        else:
            faults.append("kind")
        changed: tuple[str, ...] = ()
        if signature.digest_method in DIGESTS:
            changed = changed_files(signature, digests)
        else:
            faults.append("digest-method")
        unprotected = unprotected_files(signature, digests, spared_files(listed, place))
        return SignatureVerdict(signature, stamp, tuple(faults), changed, unprotected)


def binding_faults(verdict: StampVerdict, path: str, seal: bytes | None) -> list[str]:
    """What binds the stamp to its place: the path that it names, and the seal that lies beside it.

    Args:
        path: of the Signature.xml that it is over.
        seal: the file beside it, where there is one.
    """
    faults = []
    if verdict.stamp is not None and verdict.stamp.subject.lstrip("/") != path.lstrip("/"):
        faults.append("subject")
    if verdict.stamp is not None and seal is not None:
        try:
            same = read_seal(seal).encoded == verdict.stamp.seal.encoded
        except StructureRefused:
            same = False
        if not same:
            faults.append("seal-file")
    return faults
