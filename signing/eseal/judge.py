"""Judges a stamp by the steps of GB/T 38540-2020, one by one and in their order, and never stops telling at the first.

1. structure, 2. the maker's signature on the seal, 3. the maker's certificate, 4. the seal's time, 5. its state in our
register, 6. whether it names the signer, 7. the signer's signature on the stamp, 8. the digest of what is stamped,
9. the signer's certificate, 10. whether the stamp's time lies in the seal's. A step that could not be looked at
because one before failed says so; only a stamp all of whose steps are good is good.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography import x509

from keys.errors import KeyRefused, SignatureRefused
from keys.public_key import public_key_of
from keys.spec import SignatureAlgorithm, Use
from keys.trust.judgement import Judgement
from keys.trust.model import Service
from keys.trust.ports import KeptRevocation
from keys.verification import check_signature
from signing.eseal.model import Seal, Stamp
from signing.eseal.read import StructureRefused, read_stamp
from signing.eseal.write import SM2_WITH_SM3
from signing.ports import CertificateJudge

_DIGESTS: Mapping[str, str] = {"1.2.156.10197.1.401": "sm3", "SM3": "sm3", "2.16.840.1.101.3.4.2.1": "sha256"}
"""What digests of certificates may be called in a seal: by OID, and by the name that makers write."""

_SAY_NO = frozenset({"REVOKED"})
"""Sub-indications that are a no; the others say that it cannot be told (EN 319 102-1 §5.1.3)."""

_SKEW = dt.timedelta(minutes=5)


class StepName(StrEnum):
    """The steps, in their order."""

    STRUCTURE = "structure"
    SEAL_SIGNATURE = "seal-signature"
    MAKER = "maker-certificate"
    SEAL_TIME = "seal-time"
    SEAL_STATE = "seal-state"
    SIGNER_LISTED = "signer-listed"
    SIGNATURE = "signature"
    DIGEST = "digest"
    SIGNER = "signer-certificate"
    STAMP_TIME = "stamp-time"


class Outcome(StrEnum):
    """What came out of a step."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"  # cannot be told now
    SKIPPED = "skipped"  # a step before it failed, so there was nothing to look at


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        number: from 1, as in the module's list.
        reason: a short stable word; empty where the step is good.
    """

    number: int
    name: StepName
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StampVerdict:
    """All steps, what was read, and what our trust lists say of the two certificates."""

    steps: tuple[Step, ...]
    stamp: Stamp | None = field(default=None, repr=False)
    maker: Judgement | None = field(default=None, repr=False)
    signer: Judgement | None = field(default=None, repr=False)

    @property
    def good(self) -> bool:
        return all(step.outcome is Outcome.GOOD for step in self.steps)

    @property
    def bad(self) -> bool:
        """Whether some step says no, rather than that it cannot tell."""
        return any(step.outcome is Outcome.BAD for step in self.steps)

    @property
    def signed(self) -> bool:
        """Whether the signer made it, over the very content that was asked about, whoever that is."""
        by_signer = (StepName.SIGNATURE, StepName.DIGEST)
        return all(self.step(name).outcome is Outcome.GOOD for name in by_signer)

    def step(self, name: StepName) -> Step:
        return next(step for step in self.steps if step.name is name)


Finding = tuple[Outcome, str]
_GOOD: Finding = (Outcome.GOOD, "")

SealStates = Callable[[Seal, dt.datetime], Awaitable[str | None]]
"""What our register says of a seal at a moment: None for nothing against it, else a short stable word."""


class StampJudge:
    """
    Args:
        certificates: judges paths to authorities on our lists.
        states: our register of seals; a seal that it does not have is judged by its maker alone.
    """

    def __init__(self, certificates: CertificateJudge, states: SealStates | None = None) -> None:
        self._certificates = certificates
        self._states = states

    async def judge(
        self,
        encoded: bytes,
        *,
        digest: bytes,
        now: dt.datetime,
        proven: dt.datetime | None = None,
        others: Sequence[bytes] = (),
        kept: KeptRevocation | None = None,
    ) -> StampVerdict:
        """
        Args:
            encoded: SES_Signature, DER.
            digest: SM3 of what ought to be stamped, as computed from the document itself.
            proven: when the stamp certainly existed; None where nothing proves it.
            others, kept: certificates (DER) and revocation data that come along with the stamp.

        Raises:
            core.errors.Unavailable: trust lists or register cannot be read; nothing is said.
        """
        try:
            stamp = read_stamp(encoded)
        except StructureRefused as refused:
            return StampVerdict(_all(StepName.STRUCTURE, (Outcome.BAD, str(refused))))
        existed = proven or now
        brought = (others, kept)
        maker = await self._certificate(stamp.seal.maker, existed, stamp.seal.info.created_at, *brought)
        signer = await self._certificate(stamp.signer, existed, stamp.made_at, *brought)
        found: dict[StepName, Finding] = {
            StepName.STRUCTURE: _GOOD,
            StepName.SEAL_SIGNATURE: _signed(stamp.seal.maker, stamp.seal, existed),
            StepName.MAKER: _trusted(maker),
            StepName.SEAL_TIME: _within(stamp.seal, existed),
            StepName.SEAL_STATE: await self._state(stamp.seal, existed),
            StepName.SIGNER_LISTED: _listed(stamp),
            StepName.SIGNATURE: _signed(stamp.signer, stamp, existed),
            StepName.DIGEST: _GOOD if hmac.compare_digest(stamp.digest, digest) else (Outcome.BAD, "digest-differs"),
            StepName.SIGNER: _trusted(signer),
            StepName.STAMP_TIME: _timely(stamp, existed),
        }
        steps = tuple(Step(number, name, *found[name]) for number, name in enumerate(StepName, 1))
        return StampVerdict(steps, stamp, maker, signer)

    async def _certificate(
        self,
        certificate: bytes,
        at: dt.datetime,
        claimed: dt.datetime | None,
        others: Sequence[bytes],
        kept: KeptRevocation | None,
    ) -> Judgement:
        return await self._certificates.judge(
            certificate, others, service=Service.DOCUMENTS, at=at, claimed=claimed, kept=kept
        )

    async def _state(self, seal: Seal, at: dt.datetime) -> Finding:
        said = await self._states(seal, at) if self._states else None
        return (Outcome.BAD, said) if said else _GOOD


def _all(failed: StepName, finding: Finding) -> tuple[Step, ...]:
    rest: Finding = (Outcome.SKIPPED, "")
    return tuple(Step(number, name, *(finding if name is failed else rest)) for number, name in enumerate(StepName, 1))


def _trusted(judged: Judgement) -> Finding:
    if judged.good:
        return _GOOD
    said = judged.sub_indication or "certificate"
    return Outcome.BAD if said in _SAY_NO else Outcome.UNKNOWN, said


def _signed(certificate: bytes, signed: Seal | Stamp, at: dt.datetime) -> Finding:
    if signed.algorithm != SM2_WITH_SM3:
        return Outcome.BAD, "algorithm"
    try:
        key = public_key_of(x509.load_der_x509_certificate(certificate))
        check_signature(key, SignatureAlgorithm.SM2_SM3, signed.signature, signed.signed, use=Use.ESEAL, at=at)
    except SignatureRefused:
        return Outcome.BAD, "signature"
    except (KeyRefused, ValueError):
        return Outcome.BAD, "certificate-unreadable"
    return _GOOD


def _within(seal: Seal, at: dt.datetime) -> Finding:
    """By the moment at which the stamp certainly existed: a seal that ended since does not undo its stamps."""
    info = seal.info
    if not info.created_at - _SKEW <= at or info.valid_from > info.valid_to:
        return Outcome.BAD, "seal-times"
    if at < info.valid_from:
        return Outcome.BAD, "seal-not-yet-valid"
    return (Outcome.BAD, "seal-expired") if at > info.valid_to else _GOOD


def _listed(stamp: Stamp) -> Finding:
    signers = stamp.seal.info.signers
    if any(hmac.compare_digest(one, stamp.signer) for one in signers.certificates):
        return _GOOD
    for name, value in signers.digests:
        known = _DIGESTS.get(name)
        if known and hmac.compare_digest(hashlib.new(known, stamp.signer).digest(), value):
            return _GOOD
    return Outcome.BAD, "signer-not-listed"


def _timely(stamp: Stamp, existed: dt.datetime) -> Finding:
    """The time that the stamp claims lies in the seal's, and not behind the moment at which it certainly existed."""
    if stamp.made_at is None:
        return Outcome.UNKNOWN, "time-unreadable"
    info = stamp.seal.info
    if not info.valid_from <= stamp.made_at <= info.valid_to:
        return Outcome.BAD, "stamp-outside-seal"
    return (Outcome.BAD, "stamp-in-the-future") if stamp.made_at > existed + _SKEW else _GOOD
