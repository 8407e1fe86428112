"""Files that people bring to the pages."""

from __future__ import annotations

import io

import pikepdf


def blank_pdf(pages: int = 1) -> bytes:
    """A PDF of empty A4 pages, without any signature."""
    document, out = pikepdf.new(), io.BytesIO()
    for _ in range(pages):
        document.add_blank_page(page_size=(595.28, 841.89))
    document.save(out)
    return out.getvalue()


def with_one_byte_changed(content: bytes) -> bytes:
    """The same file with one bit of its middle turned."""
    changed = bytearray(content)
    changed[len(changed) // 3] ^= 1
    return bytes(changed)


def saved_anew(content: bytes) -> bytes:
    """The file as another program would save it, with a page more."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.add_blank_page()
        document.save(out)
    return out.getvalue()


_LETTER = """
#set page(paper: "a4", margin: (top: 37mm, bottom: 35mm, left: 28mm, right: 26mm))
#set text(font: "Noto Serif CJK SC", size: 16pt, lang: "zh")
#set par(first-line-indent: (amount: 2em, all: true), leading: 1em, justify: true)
#align(center, text(fill: rgb("#c3271b"), size: 30pt, weight: "bold")[示例市住房保障局])
#line(length: 100%, stroke: 1.5pt + rgb("#c3271b"))
#v(1em)
#align(center, text(size: 22pt, weight: "bold")[关于召开公租房配租工作会议的通知（演示）])
#v(1em)
各有关单位：

定于 2026 年 11 月 30 日上午 9 时在示例市政务服务中心召开公租房配租工作会议，
通报今年配租进展，布置明年房源筹集。请分管负责同志和经办人员各一名参加。

会议不发纸质材料，请从“一证”查验并下载。

#v(2em)
#align(right, box(width: 9em, align(center)[示例市住房保障局\\ 2026 年 11 月 23 日]))
"""


def letter_pdf() -> bytes:
    """A page that an office might seal: letterhead, a few lines, signature and date."""
    import typst

    return bytes(typst.compile(_LETTER.encode()))
