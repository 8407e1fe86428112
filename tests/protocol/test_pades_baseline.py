"""ETSI EN 319 142-1 §6.3 (B-B), ISO 32000-1 §12.8, RFC 5652: what our signatures are made of, and what others say."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from keys.spec import ALGORITHMS, SignatureAlgorithm, Use
from signing.pades.cms_writer import cms_writer
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_world import PLACE, SIGNED_AT, SealPress, press

AUTHORITY = PlainAuthority.make()
PRESSES = {algorithm: press(AUTHORITY, algorithm) for algorithm, row in ALGORITHMS.items() if Use.DOCUMENT in row.uses}


@pytest.fixture(params=list(PRESSES), ids=str)
def sealing(request: pytest.FixtureRequest) -> SealPress:
    return PRESSES[request.param]


@pytest.fixture(params=[False, True], ids=["tables", "streams"])
def sealed(request: pytest.FixtureRequest, sealing: SealPress) -> bytes:
    return sealing.seal(pdf(3, streams=request.param))


def container(content: bytes) -> cms.SignedData:
    found = re.findall(rb"/Contents <([0-9a-f]+)>", content)[-1]
    return cms.ContentInfo.load(bytes.fromhex(found.decode()), strict=False)["content"]


def run(*command: str | Path) -> str:
    if shutil.which(str(command[0])) is None:
        pytest.fail(f"{command[0]} is not installed")
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        timeout=60,
        env={"LANG": "C.UTF-8", "HOME": "/nonexistent", "PATH": "/usr/bin:/bin"},
    )
    return (done.stdout + done.stderr).decode(errors="replace") + f"\nexit {done.returncode}"


def test_signature_dictionary(sealed: bytes) -> None:
    """§6.3: SubFilter ETSI.CAdES.detached, M present, one byte range around the value, no Cert entry."""
    document = pikepdf.open(BytesIO(sealed))
    (field,) = document.Root.AcroForm.Fields
    value = field.V
    assert (value.Type, value.Filter, value.SubFilter) == ("/Sig", "/Adobe.PPKLite", "/ETSI.CAdES.detached")
    assert str(value.M) == "D:20261123085802+08'00'"
    assert "/Cert" not in value
    start, first, second, length = (int(number) for number in value.ByteRange)
    assert (start, second + length) == (0, len(sealed))
    assert sealed[first:second].strip(b"<>").isalnum()
    assert document.Root.AcroForm.SigFlags == 3


def test_signed_attributes(sealing: SealPress) -> None:
    """§6.3: content-type, message-digest, signing-certificate-v2 shall be present; signing-time shall not."""
    signed = container(sealing.seal(pdf()))
    assert signed["version"].native == "v1"
    assert signed["encap_content_info"]["content"].native is None
    (signer,) = signed["signer_infos"]
    kinds = [attribute["type"].native for attribute in signer["signed_attrs"]]
    assert sorted(kinds) == ["content_type", "message_digest", "signing_certificate_v2"]
    digest = ALGORITHMS[sealing.signer.algorithm].digest
    assert signer["digest_algorithm"]["algorithm"].native == digest
    assert signer["signature_algorithm"].dump() == ALGORITHMS[sealing.signer.algorithm].identifier
    assert "unsigned_attrs" not in signer.native or not signer["unsigned_attrs"].native
    binding = next(one for one in signer["signed_attrs"] if one["type"].native == "signing_certificate_v2")
    identifiers = binding["values"][0]["certs"]
    assert isinstance(identifiers[0], tsp.ESSCertIDv2)
    assert identifiers[0]["hash_algorithm"]["algorithm"].native == digest
    assert identifiers[0]["cert_hash"].native == hashlib.new(digest, sealing.certificates[0]).digest()


def test_container_is_der(sealing: SealPress) -> None:
    """ISO 32000-1 §12.8.3.3.1 wants DER: another encoder gives the same bytes."""
    written = sealing.writer.sign(bytes(hashlib.new(sealing.writer.digest).digest_size))
    again = cms.ContentInfo.load(written).copy()
    assert again.dump(force=True) == written
    attributes = cms.ContentInfo.load(written)["content"]["signer_infos"][0]["signed_attrs"]
    encoded = [attribute.dump() for attribute in attributes]
    assert encoded == sorted(encoded)  # X.690 §11.6


def test_size_is_known_and_the_key_used_once(sealing: SealPress) -> None:
    before = sealing.signer.uses
    writer = cms_writer(sealing.signer, sealing.certificates)
    assert sealing.signer.uses == before  # nothing is signed to find the size
    sizes = {len(writer.sign(bytes([number]) * hashlib.new(writer.digest).digest_size)) for number in range(30)}
    assert max(sizes) <= writer.size <= max(sizes) + 4
    assert sealing.signer.uses == before + 30


def test_only_appends_and_keeps_the_rest(sealed: bytes) -> None:
    """ISO 32000-1 §7.5.6: the original stays, byte for byte; identifiers follow §14.4."""
    original = next(one for one in (pdf(3), pdf(3, streams=True)) if sealed.startswith(one))
    before, after = pikepdf.open(BytesIO(original)), pikepdf.open(BytesIO(sealed))
    assert before.trailer.ID[0] == after.trailer.ID[0]
    assert after.trailer.ID[0] != after.trailer.ID[1]
    assert len(after.pages) == 3


def test_existing_annotations_and_fields_stay() -> None:
    document = pikepdf.open(BytesIO(pdf()))
    note = document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[0, 0, 9, 9])
    )
    field = document.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Tx, T=pikepdf.String("a")))
    document.pages[0].Annots = document.make_indirect(pikepdf.Array([note]))
    document.Root.AcroForm = document.make_indirect(
        pikepdf.Dictionary(Fields=document.make_indirect(pikepdf.Array([field])))
    )
    out = BytesIO()
    document.save(out, static_id=True)
    sealed = pikepdf.open(BytesIO(PRESSES[SignatureAlgorithm.ES256].seal(out.getvalue())))
    assert [one.Subtype for one in sealed.pages[0].Annots] == ["/Text", "/Widget"]
    assert [str(one.T) for one in sealed.Root.AcroForm.Fields] == ["a", "Signature1"]


def test_seal_is_vector_print_and_multiplied(sealed: bytes) -> None:
    """A printable annotation whose appearance has resources of its own (ISO 19005-3 §6.2.2, §6.3)."""
    document = pikepdf.open(BytesIO(sealed))
    (widget,) = document.pages[0].Annots
    assert int(widget.F) & 4
    form = widget.AP.N
    assert form.Resources.ExtGState.Blend.BM == "/Multiply"
    content = form.read_bytes()
    assert b"Tj" not in content
    assert b"BI" not in content.split()
    assert b"0.7647 0.1529 0.1059 rg" in content  # #C3271B
    left, bottom, right, top = (float(number) for number in widget.Rect)
    millimetre = 72 / 25.4
    assert right - left == pytest.approx(42 * millimetre, abs=0.01)
    assert (left + right) / 2 == pytest.approx(PLACE.x_mm * millimetre, abs=0.01)
    assert (bottom + top) / 2 == pytest.approx(842 - PLACE.y_mm * millimetre, abs=0.01)


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_pyhanko_agrees(sealing: SealPress, count: int) -> None:
    content = pdf()
    for number in range(count):
        content = sealing.seal(content, field_name=f"Signature{number}")
    anchors = [asn1_x509.Certificate.load(AUTHORITY.root.der)]
    found = PdfFileReader(BytesIO(content)).embedded_signatures
    assert len(found) == count
    for signature in found:
        context = ValidationContext(trust_roots=anchors, allow_fetching=False, moment=SIGNED_AT)
        status = await async_validate_pdf_signature(
            signature, context, key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"})
        )
        assert status.intact
        assert status.valid
        assert status.trusted
        assert status.bottom_line


def test_poppler_and_qpdf_agree(sealed: bytes, tmp_path: Path) -> None:
    file = tmp_path / "sealed.pdf"
    file.write_bytes(sealed)
    said = run("pdfsig", "-nocert", file)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    checked = run("qpdf", "--check", file)
    assert checked.endswith("exit 0")
    assert "WARNING" not in checked


def test_mupdf_agrees(sealing: SealPress, sealed: bytes, tmp_path: Path) -> None:
    file = tmp_path / "sealed.pdf"
    file.write_bytes(sealed)
    said = run("mutool", "sign", "-v", file)
    if sealing.signer.algorithm is SignatureAlgorithm.PS256:
        # MuPDF reads containers through OpenSSL's PKCS #7, which knows no PSS: it says that it cannot tell
        assert "Unknown error" in said, said
        return
    assert "Digest check: OK" in said or "unchanged since signing" in said.lower(), said


def test_openssl_agrees(sealing: SealPress, tmp_path: Path) -> None:
    """`openssl cms -verify` over the extracted container and the covered bytes."""
    sealed = sealing.seal(pdf())
    start, end = (int(one) for one in re.findall(rb"/ByteRange \[0 (\d+) (\d+) ", sealed)[-1])
    (tmp_path / "covered").write_bytes(sealed[:start] + sealed[end:])
    (tmp_path / "container").write_bytes(bytes.fromhex(sealed[start + 1 : end - 1].decode()))
    (tmp_path / "root.der").write_bytes(AUTHORITY.root.der)
    run("openssl", "x509", "-inform", "DER", "-in", tmp_path / "root.der", "-out", tmp_path / "root.pem")
    said = run(
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        tmp_path / "container",
        "-content",
        tmp_path / "covered",
        "-CAfile",
        tmp_path / "root.pem",
        "-purpose",
        "any",
        "-attime",
        str(int(SIGNED_AT.timestamp())),
        "-out",
        tmp_path / "out",
    )
    assert "CMS Verification successful" in said, said


async def test_second_opinions_notice_a_change(sealed: bytes, tmp_path: Path) -> None:
    changed = sealed.replace(b"/MediaBox [ 0 0 595 842 ]", b"/MediaBox [ 0 0 595 841 ]", 1)
    if changed == sealed:
        changed = sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:]
    file = tmp_path / "changed.pdf"
    file.write_bytes(changed)
    assert "Signature is Valid" not in await asyncio.to_thread(run, "pdfsig", "-nocert", file)


def test_signing_time_is_written_in_local_time() -> None:
    late = dt.datetime(2026, 12, 31, 17, 0, tzinfo=dt.UTC)  # already next year in Shanghai
    sealed = PRESSES[SignatureAlgorithm.ES256].seal(pdf(), signed_at=late)
    assert b"/M (D:20270101010000+08'00')" in sealed
