"""PDFs sealed with SM2: one seal of `eseal_world` in every form, without database, grants or ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from keys.trust.judge import Judge
from keys.trust.model import Period, Service, Standing
from signing.model import Seal
from signing.national_writers import national_writer
from signing.pades.append import SignatureText, append_signature
from signing.pades.intake import open_for_sealing
from signing.pades.page_geometry import spot
from signing.pades.update import Prepared
from signing.places import Placement
from signing.ports import NationalSigner, NationalSigners
from signing.profiles import Handler, PdfProfile, national_handler
from signing.verification.report import VerificationReport
from tests.support.clock import FakeClock
from tests.support.eseal_world import Making, certificate, root
from tests.support.signing_fakes import PlainAuthority
from tests.support.signing_world import OFFICE, PLACE, FileJudge, seal_image
from tests.support.trust_pki import FixedAnchors, entry

SIGNED_AT = FakeClock().now() - dt.timedelta(hours=1)
FORMS = (PdfProfile.SM2_SEAL, PdfProfile.SM2_CMS, PdfProfile.SM2_CMS_DIGEST)
Value = Callable[[Prepared], bytes]


def national_signer(making: Making | None = None) -> NationalSigner:
    making = making or Making()
    return NationalSigner(
        making.seal(), making.info.version, (certificate(making.signer),), making._sign(making.signer)
    )


@dataclass
class NationalForm:
    """Implements `signing.ports.NationalSigners`: every seal has this one national form."""

    signer: NationalSigner = field(default_factory=national_signer)
    asked: list[str] = field(default_factory=list)

    async def of(self, seal: Seal) -> NationalSigner:
        self.asked.append(seal.id)
        return self.signer


_: type[NationalSigners] = NationalForm


def sealed(
    content: bytes,
    profile: PdfProfile = PdfProfile.SM2_SEAL,
    signer: NationalSigner | None = None,
    *,
    place: Placement | None = PLACE,
    signed_at: dt.datetime = SIGNED_AT,
    handler: Handler | None = None,
    value: Value | None = None,
    field_name: str = "Signature1",
    octets: int = 0,
) -> bytes:
    """`content` sealed in a national form.

    Args:
        value: makes another value than the form's own, of at most `octets`.
    """
    reader = open_for_sealing(content, limit=100_000_000)
    where = (spot(reader, place, seal_image()),) if place else ()
    words = SignatureText(field_name, OFFICE, signed_at, "公租房资格证明签发")
    writer = national_writer(profile, signer or national_signer(), at=signed_at, field_name=field_name)
    prepared = append_signature(
        content,
        reader,
        words,
        octets=octets or writer.size,
        spots=where,
        image=seal_image(),
        handler=handler or national_handler(profile),
    )
    return prepared.fill(value(prepared) if value else writer.sign(prepared.digest("sm3")))


def trusting(*roots: bytes, clock: FakeClock | None = None) -> Judge:
    """A judge whose list has these roots; nothing was ever revoked."""
    always = (Period(Standing.GRANTED, dt.datetime(2000, 1, 1, tzinfo=dt.UTC)),)
    entries = (entry(one, *Service, periods=always) for one in roots or (root(),))
    return Judge(FixedAnchors(*entries), None, clock or FakeClock())


@dataclass
class NationalJudge:
    """`VerifyPdf` without a register, under the national root (and others)."""

    roots: tuple[bytes, ...] = ()
    clock: FakeClock = field(default_factory=FakeClock)

    async def __call__(self, content: bytes) -> VerificationReport:
        judge = trusting(root(), *self.roots, clock=self.clock)
        return await FileJudge(PlainAuthority.make(), self.clock, judge=judge)(content)
