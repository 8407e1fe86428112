"""PDFs sealed with SM2, on one core by processor time: one page, a visible seal, bytes in and out, keys loaded once.

Rows `seal.pdf.FORM` and `verify.pdf.FORM` for a stamp with the national seal (`sm2`) and for SignedData of GM/T 0010
(`sm2cms`). Their peer is libcrypto's own SM2 of the same run, the raw signature or its verification over 200 octets:
the most that any way of sealing could reach. `….vs_p256` stand beside our PAdES with P-256. Judging is the whole use
case with a register in SQLite and its process apart: for a stamp all ten steps.
"""

from __future__ import annotations

import datetime as dt

from bench.processor import interleaved, on_one_core, repeated
from bench.report import Row, rate
from bench.signing_world import OFFICE, PLACE, Authority, OurJudge, bench_key, document, new_key, seal_image
from core.clock import SystemClock
from keys.spec import SignatureAlgorithm
from keys.verification import load_verification_key
from signing.eseal.model import Picture, SealInfo, Signers
from signing.eseal.write import write_seal
from signing.national_writers import national_writer
from signing.pades.append import SignatureText, append_signature
from signing.pades.intake import open_for_sealing
from signing.pades.page_geometry import spot
from signing.ports import NationalSigner
from signing.profiles import PdfProfile, national_handler

SECONDS = 1.5
PEER = "raw libcrypto SM2"
_SM2 = SignatureAlgorithm.SM2_SM3
_FORMS = {"sm2": PdfProfile.SM2_SEAL, "sm2cms": PdfProfile.SM2_CMS}


def measure() -> list[Row]:
    """Rows `seal.pdf.*` and `verify.pdf.*`."""
    with on_one_core():
        authority, usual = Authority(_SM2), Authority()
        signer, public_key, _ = new_key(_SM2, 256)
        national = _national(authority, authority.seal(public_key), signer.sign)
        p256 = bench_key(usual, "p256")
        content = document(1)
        message = content[:200]
        key, signature = load_verification_key(public_key, _SM2), signer.sign(message)
        # a stamp brings no issuers along, so its own authority is on the list
        with OurJudge(authority, authority.issuing) as judge, OurJudge(usual) as usual_judge:
            files = {name: _seal(content, national, form) for name, form in _FORMS.items()}
            pades = p256.seal(content, visible=True)
            for name, file in files.items():
                if not judge.accepts(file):
                    raise SystemExit(f"seal.pdf.{name}: a sealed file was not accepted")
            *sealing, beside, raw = interleaved(
                *(repeated(lambda form=form: _seal(content, national, form), SECONDS) for form in _FORMS.values()),  # type: ignore[misc]
                repeated(lambda: p256.seal(content, visible=True), SECONDS),
                repeated(lambda: signer.sign(message), SECONDS),
            )
            *judging, judged_beside, checked = interleaved(
                *(repeated(lambda file=file: judge.accepts(file), SECONDS) for file in files.values()),  # type: ignore[misc]
                repeated(lambda: usual_judge.accepts(pades), SECONDS),
                repeated(lambda: key.verify(signature, message), SECONDS),
            )
    rows = []
    for verb, figures, other, peer in (
        ("seal", sealing, beside, raw),
        ("verify", judging, judged_beside, checked),
    ):
        for name, figure in zip(_FORMS, figures, strict=True):
            rows.append(rate(f"{verb}.pdf.{name}", figure, "files/s", PEER, peer))
            rows.append(rate(f"{verb}.pdf.{name}.vs_p256", figure, "files/s", "our PAdES, P-256", other))
    return rows


def _national(authority: Authority, certificate: bytes, sign: object) -> NationalSigner:
    """A seal with a picture of usual size; its maker is certified by the same authority."""
    now = SystemClock().now().replace(microsecond=0)
    maker, maker_key, _ = new_key(_SM2, 256)
    info = SealInfo(
        4,
        "Yizheng",
        "4101990000017",
        1,
        OFFICE,
        Signers((certificate,)),
        now,
        now,
        now + dt.timedelta(days=300),
        Picture("PNG", bytes(6_000), 42, 42),
    )
    seal = write_seal(info, authority.seal(maker_key), maker.sign)
    return NationalSigner(seal, 4, (certificate, authority.issuing), sign)  # type: ignore[arg-type]  # a signer's own


def _seal(content: bytes, national: NationalSigner, form: PdfProfile) -> bytes:
    reader, now = open_for_sealing(content, limit=100_000_000), SystemClock().now()
    words = SignatureText("Signature1", OFFICE, now, "基准")
    writer = national_writer(form, national, at=now, field_name="Signature1")
    prepared = append_signature(
        content,
        reader,
        words,
        octets=writer.size,
        spots=(spot(reader, PLACE, seal_image()),),
        image=seal_image(),
        handler=national_handler(form),
    )
    return prepared.fill(writer.sign(prepared.digest(writer.digest)))
