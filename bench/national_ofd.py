"""How fast a sealed OFD is judged: `signing.verify_ofd` in this process, without a database, one root trusted."""

from __future__ import annotations

import asyncio
import hashlib
import io
import statistics
import zipfile
from types import TracebackType
from typing import Any, Self

from cryptography import x509

from bench.keys_fields import calls_per_second
from bench.report import Row, rate
from keys.primitives.sm2 import Sm2PublicKey
from keys.public_key import public_key_of
from keys.spec import SignatureAlgorithm
from keys.trust.judge import Judge
from keys.verification import load_verification_key
from signing.eseal.judge import StampJudge
from signing.eseal.read import read_stamp
from signing.ofd.facts import read_facts
from signing.settings import SigningSettings
from signing.verification.report import VerificationReport
from signing.verify_ofd import VerifyOfd
from signing.work_pool import WorkPool
from tests.support.clock import FakeClock
from tests.support.eseal_world import Making, root
from tests.support.ofd_world import PAGE, document, sealed, zipped
from tests.support.trust_pki import FixedAnchors, entry

PAGES = 40
_CALLS, _ROUNDS = 20, 5
_VALUE = "Doc_0/Signs/Sign_0/SignedValue.dat"


def measure() -> list[Row]:
    """Row `verify.ofd`: a package of 40 pages and one seal judged whole.

    The peer unpacks it, digests its files and does the two SM2 verifications that no judge can do without, and nothing
    else.
    """
    content, judge = sealed_package(), PackageVerifier()
    assert asyncio.run(judge(content)).conclusion == "genuine"
    ours, bare = [], []
    for _ in range(_ROUNDS):
        ours.append(calls_per_second(lambda: asyncio.run(judge(content)), _CALLS))
        bare.append(calls_per_second(lambda: judge.bare(content), _CALLS))
    return [rate("verify.ofd", statistics.median(ours), "1/s", "unzip, SM3, 2 x SM2", statistics.median(bare))]


def sealed_package() -> bytes:
    """Pages with some thousand characters each."""
    files = document()
    for number in range(1, PAGES):
        files[f"/Doc_0/Pages/Page_{number}/Content.xml"] = files[PAGE] + "证".encode() * 4_000
    return zipped(sealed(files, Making()))


class PackageVerifier:
    """`VerifyOfd` with nothing around it."""

    def __init__(self) -> None:
        clock = FakeClock()
        judge = Judge(FixedAnchors(entry(root())), None, clock)
        nobody: Any = _Nobody()
        pool, settings = WorkPool(1, 8), SigningSettings()
        self._judge = VerifyOfd(nobody, nobody, judge, StampJudge(judge), nobody, clock, pool, _Here(), settings)
        stamp = read_stamp(zipfile.ZipFile(io.BytesIO(sealed_package())).read(_VALUE))
        self._signed = [(_key(stamp.seal.maker), stamp.seal), (_key(stamp.signer), stamp)]

    async def __call__(self, content: bytes) -> VerificationReport:
        return await self._judge(content)

    def bare(self, content: bytes) -> None:
        """What no judge can do without."""
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                hashlib.new("sm3", archive.read(name)).digest()
        for key, one in self._signed:
            assert key.verify(one.signature, one.signed)


def _key(certificate: bytes) -> Sm2PublicKey:
    key = load_verification_key(public_key_of(x509.load_der_x509_certificate(certificate)), SignatureAlgorithm.SM2_SM3)
    assert isinstance(key, Sm2PublicKey)
    return key


class _Here:
    def ask(self, _task: object, content: Any, *_: object) -> Any:
        return read_facts(content)


class _Nobody:
    """A database, a register and a store that know of nothing."""

    def read(self) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        return None

    async def of_certificate(self, _digest: str) -> None:
        return None
