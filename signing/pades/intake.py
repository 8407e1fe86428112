"""Opens a PDF for sealing and refuses, in clear words, what must not be sealed.

What is sealed has to look the same to everyone and for ever, so files that are encrypted, damaged, driven by XFA
or by scripts, or whose form values still have to be drawn by the viewer, are turned away.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.errors import AppError
from core.files.reading import holds, stream_over, windows
from core.files.scratch import FileBytes
from core.text import Text
from signing.errors import PdfRefused, too_large
from signing.isolation.task import Task
from signing.pades.decode_limits import LIMITS
from signing.pades.form_looks import contradicts
from signing.pades.page_geometry import page_count
from signing.pades.pdf_objects import entries, entry

# what can run or fetch when the file is opened (ISO 32000-1 §12.6.4); PDF/A forbids the same (ISO 19005-3 §6.5.1)
_ACTIVE = re.compile(
    rb"/(?:"  # one beginning for all, which is looked for much faster than many
    rb"S\s*/(?:JavaScript|Launch|ImportData|SubmitForm|ResetForm|Rendition|Movie|Sound|GoToR|GoToE|SetOCGState)\b"
    rb"|Subtype\s*/(?:RichMedia|3D|Screen|Movie|Sound)\b"
    rb"|S\s*/[A-Za-z]*#[0-9A-Fa-f]{2}"  # an action's name in disguise
    rb"|JavaScript\s*[<\d]|JS\s*[<(\d]"
    # nobody honest writes so much room, or so long a name (ISO 32000-1 Annex C.2); a large file is searched in pieces
    rb"|(?:S|Subtype|JavaScript|JS|Type)\s{4096}|S\s*/[A-Za-z]{4096}"
    rb")"
)
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b")
_STREAM = re.compile(rb"stream\r?\n")
_STREAM_WITHIN = 4096
_UNPACKED_ANYWAY = 1_000_000
_INFLATED_LIMIT = 32_000_000  # of one object stream; and of all, or half of what the file has
_PIECE = 1 << 16


def open_for_sealing(pdf: FileBytes, *, limit: int) -> PdfFileReader:
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
        reader = PdfFileReader(stream_over(pdf), strict=True, decode_limits=LIMITS)
        _check(reader, pdf)
    except (AppError, MemoryError):
        raise
    except Exception as e:  # a parser may throw anything at hostile bytes
        raise damaged(e) from e
    return reader


def check_file(pdf: FileBytes, limit: int) -> bool:
    """Inside a cell: whether a file can be sealed at all; it can, or this raises.

    Raises:
        PdfRefused, core.errors.LimitExceeded: as `open_for_sealing`.
    """
    open_for_sealing(pdf, limit=limit)
    return True


def count_pages(pdf: FileBytes, limit: int) -> int:
    """Inside a cell: the pages of a file that can be sealed.

    Raises:
        PdfRefused, core.errors.LimitExceeded: as `open_for_sealing`.
    """
    reader = open_for_sealing(pdf, limit=limit)
    try:
        return page_count(reader)
    except (AppError, MemoryError):
        raise
    except Exception as e:  # a parser may throw anything at hostile bytes
        raise damaged(e) from e


CHECK = Task(check_file, bool)
COUNT_PAGES = Task(count_pages, int)


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


def _check(reader: PdfFileReader, pdf: FileBytes) -> None:
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
    if has_active_content(pdf):
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
    if contradicts(form):
        raise PdfRefused(
            "pdf-form-contradicts",
            Text(
                "表单里勾选框的样子和它的值不一样，不能盖章。请在原软件里重新勾选，或打印成普通 PDF。",
                "A box of the form shows another state than its value. Tick it again where it was made, or print "
                "the form to a plain PDF.",
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


def has_active_content(pdf: FileBytes) -> bool:
    return holds(_ACTIVE, pdf) or any(_ACTIVE.search(part) for part in _object_streams(pdf))


def _object_streams(pdf: FileBytes) -> Iterator[bytes]:
    """What the file's compressed object streams hold, up to a bound; beyond it the file counts as damaged."""
    left = max(_INFLATED_LIMIT, len(pdf) // 2)
    for start in _starts_of_object_streams(pdf):
        try:
            part = _inflated(pdf, start)
        except zlib.error:  # not compressed, or not by Flate
            yield pdf[start : start + _UNPACKED_ANYWAY]
            continue
        yield part
        left -= len(part)
        if left <= 0 or len(part) >= _INFLATED_LIMIT:
            raise ValueError("object streams inflate beyond bound")


def _starts_of_object_streams(pdf: FileBytes) -> Iterator[int]:
    seen = -1
    for offset, window in windows(pdf):
        for found in _OBJECT_STREAM.finditer(window):
            at = offset + found.end()
            begins = _STREAM.search(pdf[at : at + _STREAM_WITHIN])
            if at > seen and begins is not None:  # neighbouring windows show it twice
                seen = at
                yield at + begins.end()


def _inflated(pdf: FileBytes, start: int) -> bytes:
    inflate, parts, left = zlib.decompressobj(), [], _INFLATED_LIMIT
    while left > 0 and not inflate.eof and (piece := pdf[start : start + _PIECE]):
        parts.append(inflate.decompress(piece, left))
        left -= len(parts[-1])
        start += _PIECE
    return b"".join(parts)
