"""Judges the signatures of a package: every file that is shown must be under every signature, and be what was signed.

A signature may have been followed by others: the list of signatures and the files of those behind it are all that may
be there without its protection. Whatever else stands in the package unprotected, a page among it, is told by name.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from signing.eseal.judge import StampJudge, StampVerdict
from signing.eseal.read import StructureRefused, read_seal
from signing.ofd.package import Package
from signing.ofd.signatures import PackageSignature, SignatureList

_DIGESTS: Mapping[str, str] = {"1.2.156.10197.1.401": "sm3", "SM3": "sm3"}
"""Digests of references that count; MD5 and SHA-1, which GB/T 33190 still names, do not."""


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
        if signature.kind == "Seal":
            digest = hashlib.new("sm3", package[signature.path]).digest()
            stamp = await self._stamps.judge(package[signature.value_path], digest=digest, now=now)
            faults += _stamp_faults(package, signature, stamp)
        else:
            faults.append("kind")
        name = _DIGESTS.get(signature.digest_method)
        if name is None:
            faults.append("digest-method")
        changed = tuple(
            one.path
            for one in signature.references
            if name is None or not _is(package.files.get(one.path), name, one.digest)
        )
        return SignatureVerdict(signature, stamp, tuple(faults), changed, _unprotected(package, listed, place))


def _stamp_faults(package: Package, signature: PackageSignature, verdict: StampVerdict) -> list[str]:
    """What binds the stamp to its place: the path that it names, and the seal that lies beside it."""
    faults = []
    if verdict.stamp is not None and verdict.stamp.subject.lstrip("/") != signature.path.lstrip("/"):
        faults.append("subject")
    if verdict.stamp is not None and signature.seal_path is not None:
        try:
            same = read_seal(package[signature.seal_path]).encoded == verdict.stamp.seal.encoded
        except StructureRefused:
            same = False
        if not same:
            faults.append("seal-file")
    return faults


def _is(content: bytes | None, name: str, digest: bytes) -> bool:
    return content is not None and hmac.compare_digest(hashlib.new(name, content).digest(), digest)


def _unprotected(package: Package, listed: SignatureList, place: int) -> tuple[str, ...]:
    """Files beside those that it protects, its own, and those of signatures behind it."""
    own = listed.signatures[place]
    protected = {one.path for one in own.references}
    spared = {listed.path, own.path, own.value_path, own.seal_path}  # its seal is compared with the stamp's
    for later in listed.signatures[place + 1 :]:
        spared |= {later.path, later.value_path, later.seal_path}
    return tuple(sorted(package.files.keys() - protected - spared))
