"""Opens a PDF for sealing and refuses, in clear words, what must not be sealed.

What is sealed has to look the same to everyone and for ever, so files that are encrypted, damaged, driven by XFA
or by scripts, or whose form values still have to be drawn by the viewer, are turned away.
"""

from __future__ import annotations

import re
import zlib
from io import BytesIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.errors import AppError
from core.text import Text
from signing.errors import PdfRefused, too_large
from signing.pades.decode_limits import LIMITS
from signing.pades.pdf_objects import entries, entry

# what can run or fetch when the file is opened (ISO 32000-1 §12.6.4); PDF/A forbids the same (ISO 19005-3 §6.5.1)
_ACTIVE = re.compile(
    rb"/S\s*/(?:JavaScript|Launch|ImportData|SubmitForm|ResetForm|Rendition|Movie|Sound|GoToR|GoToE|SetOCGState)\b"
    rb"|/Subtype\s*/(?:RichMedia|3D|Screen|Movie|Sound)\b"
    rb"|/S\s*/[A-Za-z]*#[0-9A-Fa-f]{2}"  # an action's name in disguise
    rb"|/JavaScript\s*[<\d]|/JS\s*[<(\d]"
)
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b")
_STREAM = re.compile(rb"stream\r?\n")
_INFLATED_LIMIT = 32_000_000


def open_for_sealing(pdf: bytes, *, limit: int) -> PdfFileReader:
    """A strict reader over `pdf`.

    Raises:
        PdfRefused: with the reason.
        core.errors.LimitExceeded: `too-large`.
    """
    if len(pdf) > limit:
        raise too_large(limit)
    if not pdf:
        raise PdfRefused("pdf-empty", Text("文件是空的。", "The file is empty."))
    if not pdf.startswith(b"%PDF-"):
        raise PdfRefused("pdf-not-a-pdf", Text("这不是 PDF 文件。请上传 PDF。", "This is not a PDF. Upload a PDF."))
    try:
        reader = PdfFileReader(BytesIO(pdf), strict=True, decode_limits=LIMITS)
        _check(reader, pdf)
    except AppError:
        raise
    except Exception as e:  # a parser may throw anything at hostile bytes
        raise damaged(e) from e
    return reader


def damaged(cause: Exception) -> PdfRefused:
    """The refusal of a file that a strict reader cannot make sense of."""
    return PdfRefused(
        "pdf-damaged",
        Text(
            "这个 PDF 有损坏，盖章后可能验不过。请用原来的软件重新导出一份。",
            "This PDF is damaged; a seal on it might not verify. Export it again from the original software.",
        ),
        private=type(cause).__name__,
    )


def _check(reader: PdfFileReader, pdf: bytes) -> None:
    if "/Encrypt" in reader.trailer:
        raise PdfRefused(
            "pdf-encrypted",
            Text("PDF 设了密码或加了密，请先解除。", "The PDF is encrypted. Remove the password first."),
        )
    if reader.xrefs.hybrid_xrefs_present:
        raise PdfRefused(
            "pdf-hybrid",
            Text(
                "PDF 有两套目录，不同软件看到的可能不一样。请重新导出。",
                "The PDF has two tables of contents, so programs may show different things. Export it again.",
            ),
        )
    root = reader.root
    form = entry(root, "/AcroForm")
    if isinstance(form, generic.DictionaryObject):
        _check_form(form)
    _check_certification(root)
    if _has_active_content(pdf):
        raise PdfRefused(
            "pdf-active-content",
            Text(
                "PDF 里有脚本或会自动执行的动作，不能盖章。请导出为不含脚本的 PDF。",
                "The PDF holds scripts or actions. Export it without them, then seal it.",
            ),
        )


def _check_form(form: generic.DictionaryObject) -> None:
    if "/XFA" in form:
        raise PdfRefused(
            "pdf-xfa",
            Text(
                "这是 XFA 动态表单，内容会变，不能盖章。请打印成普通 PDF。",
                "This is a dynamic XFA form whose content can change. Print it to a plain PDF first.",
            ),
        )
    if bool(entry(form, "/NeedAppearances", False)):
        raise PdfRefused(
            "pdf-form-not-drawn",
            Text(
                "表单里的内容要由阅读器现画，不同软件看到的可能不一样。请打印成普通 PDF。",
                "The form's values are drawn by the viewer and may differ. Print it to a plain PDF first.",
            ),
        )


def _check_certification(root: generic.DictionaryObject) -> None:
    """A document certified against all changes takes no further signature (ISO 32000-1 §12.8.2.2, P = 1)."""
    permissions = entry(root, "/Perms")
    if not isinstance(permissions, generic.DictionaryObject) or "/DocMDP" not in permissions:
        return
    for reference in entries(permissions["/DocMDP"], "/Reference"):
        is_certification = entry(reference, "/TransformMethod") == "/DocMDP"
        if is_certification and entry(reference["/TransformParams"], "/P", 2) == 1:
            raise PdfRefused(
                "pdf-locked",
                Text(
                    "前一个签名不许再改动这份文件，也就不能再盖章。",
                    "An earlier signature forbids any change to this document, so it cannot be sealed.",
                ),
            )


def _has_active_content(pdf: bytes) -> bool:
    return _ACTIVE.search(pdf) is not None or any(_ACTIVE.search(part) for part in _object_streams(pdf))


def _object_streams(pdf: bytes) -> list[bytes]:
    """What the file's compressed object streams hold, up to a bound; beyond it the file counts as damaged."""
    out, left = [], _INFLATED_LIMIT
    for found in _OBJECT_STREAM.finditer(pdf):
        start = _STREAM.search(pdf, found.end(), found.end() + 4096)
        if start is None:
            continue
        inflate = zlib.decompressobj()
        try:
            out.append(inflate.decompress(memoryview(pdf)[start.end() :], left))
        except zlib.error:
            out.append(pdf[start.end() : start.end() + 1_000_000])  # not compressed, or not by Flate
            continue
        left -= len(out[-1])
        if left <= 0:
            raise ValueError("object streams inflate beyond bound")
    return out
