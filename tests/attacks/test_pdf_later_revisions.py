"""S-05, certification with P = 1, 2, 3, and S-06, the legitimate twins: what may follow a genuine signature."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests.attacks.test_pdf_isa import annotation, replaced_content, unsigned_field_over_text
from tests.support.clock import FakeClock
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_forgeries import content_stream, update
from tests.support.signing_world import FileJudge, SealPress, press
from tests.support.tally import forged, genuine

AUTHORITY = PlainAuthority.make()
PRESS = press(AUTHORITY)
STRANGER = press(PlainAuthority.make())
# the other program writes the machine's own time, so the judge lives later than that
JUDGE = FileJudge(AUTHORITY, FakeClock(dt.datetime(2045, 12, 1, tzinfo=dt.UTC)))


def _form_document() -> bytes:
    document = pikepdf.open(BytesIO(pdf()))
    only = document.pages[0].obj
    appearance = document.make_stream(b"BT /F1 12 Tf 2 5 Td (56.40) Tj ET")
    appearance.Type, appearance.Subtype, appearance.BBox = pikepdf.Name.XObject, pikepdf.Name.Form, [0, 0, 200, 30]
    widget = document.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T=pikepdf.String("amount"),
            V=pikepdf.String("56.40"),
            Rect=[100, 600, 300, 630],
            P=only,
            AP=pikepdf.Dictionary(N=appearance),
        )
    )
    only.Annots = pikepdf.Array([widget])
    document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([widget]))
    out = BytesIO()
    document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable, static_id=True)
    return out.getvalue()


def plain_signer(sealing: SealPress) -> signers.SimpleSigner:
    """pyHanko's own signer with the same key: an independent producer of signatures."""
    key = sealing.signer.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificates = [asn1_x509.Certificate.load(one) for one in sealing.certificates]
    registry = SimpleCertificateStore()
    registry.register_multiple(certificates)
    return signers.SimpleSigner(
        signing_cert=certificates[0], signing_key=asn1_keys.PrivateKeyInfo.load(key), cert_registry=registry
    )


async def signed_by_pyhanko(content: bytes, sealing: SealPress = PRESS, **metadata: Any) -> bytes:
    settings = {
        "field_name": "Other",
        "subfilter": fields.SigSeedSubFilter.PADES,
        "md_algorithm": "sha256",
        **metadata,
    }
    out = BytesIO()
    await signers.PdfSigner(signers.PdfSignatureMetadata(**settings), plain_signer(sealing)).async_sign_pdf(
        IncrementalPdfFileWriter(BytesIO(content)), output=out
    )
    return out.getvalue()


def fill(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0]
    field[pdf_name("/V")] = pdf_string("99.99")
    form = content_stream("99.99")
    form.update({pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form")})
    form[pdf_name("/BBox")] = generic.ArrayObject(generic.NumberObject(value) for value in (0, 0, 200, 30))
    field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(form)})
    writer.update_container(field)


def validation_data(content: bytes) -> bytes:
    """Certificates kept in the document security store (ETSI EN 319 142-1 §5.4)."""
    stream = BytesIO(content)
    DocumentSecurityStore.add_dss(stream, sig_contents=None, certs=[asn1_x509.Certificate.load(AUTHORITY.issuing.der)])
    return stream.getvalue()


async def test_s06_second_seal_of_our_own() -> None:
    report = genuine("S-06", await JUDGE(PRESS.seal(PRESS.seal(pdf()), field_name="Signature2")))
    assert [one.conclusion for one in report.signatures] == ["genuine", "genuine"]
    assert [one.coverage for one in report.signatures] == ["signed-revision", "whole-file"]
    assert report.conclusion == "genuine"


@pytest.mark.parametrize("streams", [False, True], ids=["tables", "streams"])
async def test_s06_second_signature_by_another_program(streams: bool) -> None:
    report = genuine("S-06", await JUDGE(await signed_by_pyhanko(PRESS.seal(pdf(streams=streams)))))
    assert [one.conclusion for one in report.signatures] == ["genuine", "genuine"]


async def test_s06_our_seal_after_another_programs_signature() -> None:
    report = genuine("S-06", await JUDGE(PRESS.seal(await signed_by_pyhanko(pdf()))))
    assert [one.conclusion for one in report.signatures] == ["genuine", "genuine"]


async def test_s06_validation_data_added() -> None:
    sealed = PRESS.seal(pdf())
    extended = validation_data(sealed)
    assert len(extended) > len(sealed)
    report = genuine("S-06", await JUDGE(extended))
    assert report.conclusion == "genuine"
    assert report.later_revisions == 1


async def test_s06_second_signature_of_a_stranger_is_named_and_not_believed() -> None:
    report = forged("S-06", await JUDGE(STRANGER.seal(PRESS.seal(pdf()), field_name="Signature2")))
    assert [one.conclusion for one in report.signatures] == ["genuine", "unknown-signer"]
    assert (report.indication, report.conclusion) == ("INDETERMINATE", "unknown-signer")


async def test_s05_form_filling_under_p2_is_allowed_and_without_certification_is_not() -> None:
    certified = await signed_by_pyhanko(_form_document(), certify=True, docmdp_permissions=fields.MDPPerm.FILL_FORMS)
    assert genuine("S-05", await JUDGE(certified)).conclusion == "genuine"
    filled = genuine("S-05", await JUDGE(update(certified, fill)))
    assert filled.conclusion == "genuine"
    assert filled.later_revisions == 1
    only_sealed = PRESS.seal(_form_document())
    assert forged("S-05", await JUDGE(update(only_sealed, fill))).conclusion == "changed"


_OVERLAYS = [
    annotation("/FreeText"), annotation("/Stamp"), annotation("/Redact"), unsigned_field_over_text, replaced_content
]  # fmt: skip
_IDS = ["freetext", "stamp", "redact", "signature-field", "content"]


async def _certified(level: fields.MDPPerm) -> bytes:
    """With a page that has annotations to be joined."""
    writer = IncrementalPdfFileWriter(BytesIO(_form_document()))
    fields.append_signature_field(writer, fields.SigFieldSpec("Other", on_page=0, box=(20, 20, 80, 60)))
    out = BytesIO()
    writer.write(out)
    certified = await signed_by_pyhanko(out.getvalue(), certify=True, docmdp_permissions=level)
    assert genuine("S-05", await JUDGE(certified)).conclusion == "genuine"
    return certified


@pytest.mark.parametrize("level", [fields.MDPPerm.NO_CHANGES, fields.MDPPerm.FILL_FORMS])
@pytest.mark.parametrize("change", _OVERLAYS, ids=_IDS)
async def test_s05_overlay_on_a_certified_document_is_a_change(level: fields.MDPPerm, change: Any) -> None:
    report = forged("S-05", await JUDGE(update(await _certified(level), change)))
    assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")


@pytest.mark.parametrize("change", _OVERLAYS[2:], ids=_IDS[2:])
async def test_s05_what_hides_or_rewrites_is_a_change_even_under_p3(change: Any) -> None:
    report = forged("S-05", await JUDGE(update(await _certified(fields.MDPPerm.ANNOTATE), change)))
    assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")


def _with_an_action(writer: IncrementalPdfFileWriter) -> None:
    annotation("/FreeText")(writer)
    made = writer.root["/Pages"]["/Kids"][0]["/Annots"][-1]
    action = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): pdf_string("x")}
    made[pdf_name("/A")] = generic.DictionaryObject(action)
    writer.update_container(made)


def _over_other_content(writer: IncrementalPdfFileWriter) -> None:
    annotation("/Stamp")(writer)
    replaced_content(writer)


def _instead_of_another(writer: IncrementalPdfFileWriter) -> None:
    annotations = writer.root["/Pages"]["/Kids"][0]["/Annots"]
    del annotations[0]
    writer.update_container(annotations)
    annotation("/Stamp")(writer)


@pytest.mark.parametrize("kind", ["/FreeText", "/Stamp", "/Highlight"])
async def test_s05_annotations_under_p3_are_visible_changes_and_never_plainly_valid(kind: str) -> None:
    certified = await _certified(fields.MDPPerm.ANNOTATE)
    report = forged("S-05", await JUDGE(update(certified, annotation(kind))))
    assert (report.indication, report.sub_indication) == ("TOTAL-PASSED", "VISIBLE_CHANGES")
    assert report.conclusion == "annotated"
    assert report.signed_revision == certified
    assert "允许加批注" in report.steps[-1].text.zh


@pytest.mark.parametrize("change", [_with_an_action, _over_other_content, _instead_of_another, replaced_content])
async def test_s05_what_only_looks_like_an_annotation_is_a_change_under_p3(change: Any) -> None:
    report = forged("S-05", await JUDGE(update(await _certified(fields.MDPPerm.ANNOTATE), change)))
    assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")


async def test_s06_forms_may_be_filled_in_under_p3() -> None:
    report = await JUDGE(update(await _certified(fields.MDPPerm.ANNOTATE), fill))
    assert report.conclusion == "genuine"


async def test_s05_nothing_may_be_filled_in_under_p1() -> None:
    certified = await signed_by_pyhanko(_form_document(), certify=True, docmdp_permissions=fields.MDPPerm.NO_CHANGES)
    assert forged("S-05", await JUDGE(update(certified, fill))).conclusion == "changed"
