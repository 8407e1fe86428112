"""What is written in a document is read in its OFD, whatever it says: by our reader and by somebody else's."""

from __future__ import annotations

import tempfile
import unicodedata
from functools import cache
from pathlib import Path

import orjson
import pypdfium2
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from certstore.render.fonts import packaged_fonts
from signing.ofd.from_pdf.convert import OfdWords, make_ofd
from signing.ofd.package import read_package
from signing.ofd.read_document import MOST_THINGS, read_documents
from signing.ofd.read_page import read_page
from signing.ofd.values import Budget
from signing.ofd.words import words_of
from tests.support import other_ofd_reader

SOURCE = b"""
#set text(font: ("Noto Serif SC", "Noto Sans SC", "Source Han Serif SC"), lang: "zh", fallback: true)
#let words = json(bytes(sys.inputs.words))
#for (place, one) in words.enumerate() {
  let shown = text(size: (7 + calc.rem(place, 5) * 3) * 1pt, fill: rgb(20 * calc.rem(place, 10), 0, 90), one)
  if calc.rem(place, 4) == 1 { rotate(12deg * place, reflow: true, shown) }
  else if calc.rem(place, 4) == 2 { box(stroke: 0.4pt, inset: 3pt, clip: true, shown) }
  else { par(shown) }
}
"""
SIGNS = st.text(st.sampled_from("证照市民张李二〇（）、。《AZaz09fi&<>\"'-/.:;一龥éΩ"), min_size=1, max_size=24)
_FOLDER = tempfile.TemporaryDirectory()


@cache
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(packaged_fonts())])
    folder = Path(_FOLDER.name)
    (folder / "words.typ").write_bytes(SOURCE)
    return typst.Compiler(str(folder / "words.typ"), root=str(folder), font_paths=fonts)


def _pdf(words: list[str]) -> bytes:
    made = _compiler().compile(format="pdf", sys_inputs={"words": orjson.dumps(words).decode()})
    assert isinstance(made, bytes)
    return made


def _pdf_text(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    try:
        return "".join(document[page].get_textpage().get_text_bounded() for page in range(len(document)))
    finally:
        document.close()


def _own_text(content: bytes) -> str:
    package, budget = read_package(content), Budget(MOST_THINGS)
    (document,) = read_documents(package, budget)
    pages = range(1, len(document.pages) + 1)
    return "".join(word.text for page in pages for word in words_of(read_page(package, document, page, budget), budget))


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).replace("\ufffe", "").split())


@settings(max_examples=40, deadline=None)
@given(st.lists(SIGNS, min_size=1, max_size=8))
def test_our_reader_finds_the_text_of_the_pdf(words: list[str]) -> None:
    pdf = _pdf(words)
    text = _plain(_own_text(make_ofd(pdf, OfdWords(), len(pdf)).content))
    assert sorted(text) == sorted(_plain(_pdf_text(pdf)))
    assert text == _plain("".join(words))


@settings(max_examples=5, deadline=None)
@given(st.lists(SIGNS, min_size=1, max_size=4))
def test_somebody_elses_reader_finds_it_too(words: list[str]) -> None:
    pdf = _pdf(words)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "made.ofd")
        path.write_bytes(make_ofd(pdf, OfdWords(custom=(("ZZMC", words[0]),)), len(pdf)).content)
        view = other_ofd_reader.read(path)
    assert sorted(_plain(view.text)) == sorted(_plain("".join(words)))
    assert view.metadata["custom"] == {"ZZMC": words[0]}
