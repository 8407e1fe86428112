"""Attachments of the signed revision (ISO 32000-1 §7.11.4): told when the signer is trusted; appended ones never."""

from __future__ import annotations

from io import BytesIO

import pikepdf
from pyhanko.pdf_utils import embed
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_forgeries import update
from tests.support.signing_world import FileJudge, press

AUTHORITY = PlainAuthority.make()
METADATA = "<licence>示例</licence>".encode()


def with_attachments(**files: bytes) -> bytes:
    document = pikepdf.open(BytesIO(pdf()))
    for name, data in files.items():
        document.attachments[f"{name}.xml"] = pikepdf.AttachedFileSpec(document, data, mime_type="application/xml")
    out = BytesIO()
    document.save(out)
    return out.getvalue()


async def test_attachments_of_a_genuine_file() -> None:
    report = await FileJudge(AUTHORITY)(press(AUTHORITY).seal(with_attachments(licence=METADATA, more=b"x")))
    assert report.conclusion == "genuine"
    assert report.embedded_files == {"licence.xml": METADATA, "more.xml": b"x"}


async def test_attachments_of_an_unknown_signer_are_not_told() -> None:
    report = await FileJudge(AUTHORITY)(press(PlainAuthority.make()).seal(with_attachments(licence=METADATA)))
    assert (report.conclusion, report.embedded_files) == ("unknown-signer", {})


async def test_appended_attachment_is_a_change_and_the_signed_one_counts() -> None:
    def replace(writer: IncrementalPdfFileWriter) -> None:
        stream = embed.EmbeddedFileObject.from_file_data(writer, data=b"forged", compress=False)
        embed.embed_file(writer, embed.FileSpec(file_spec_string="another.xml", embedded_data=stream))

    report = await FileJudge(AUTHORITY)(update(press(AUTHORITY).seal(with_attachments(licence=METADATA)), replace))
    assert report.conclusion == "changed"
    assert report.embedded_files == {"licence.xml": METADATA}


async def test_large_attachments_are_left_out() -> None:
    sealed = press(AUTHORITY).seal(with_attachments(a=b"small", b=bytes(9_000_000)))
    report = await FileJudge(AUTHORITY)(sealed)
    assert report.conclusion == "genuine"
    assert report.embedded_files == {"a.xml": b"small"}
