"""S-08, S-17, S-18, S-20: files that show other things to other people. Sealing refuses them in clear words; judging
one that somebody else has signed warns of them. Each has a legitimate twin that neither refuses nor warns of.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import BytesIO

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.errors import PdfRefused
from signing.pades.append import SignatureText, append_signature
from signing.pades.intake import open_for_sealing
from signing.verification.traits import TRAIT_WORDS, Trait
from tests.support.clock import FakeClock
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_world import OFFICE, SIGNED_AT, FileJudge, press, seal_image

AUTHORITY = PlainAuthority.make()
PRESS = press(AUTHORITY)
JUDGE = FileJudge(AUTHORITY, FakeClock(SIGNED_AT + dt.timedelta(days=1)))
Change = Callable[[pikepdf.Pdf], None]


def changed(change: Change) -> bytes:
    document, out = pikepdf.open(BytesIO(pdf())), BytesIO()
    change(document)
    document.save(out, static_id=True)
    return out.getvalue()


def form(document: pikepdf.Pdf, *fields: pikepdf.Object, **more: object) -> None:
    document.Root.AcroForm = Dictionary(Fields=Array(list(fields)), **more)
    document.pages[0].obj.Annots = Array(list(fields))


def box(value: str | None, look: str | None) -> Change:
    """A form with one box to tick: what its value says, and what it shows."""

    def change(document: pikepdf.Pdf) -> None:
        states = Dictionary(Yes=_look(document), Off=_look(document))
        made = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Btn, T=String("agrees"), Rect=[50, 600, 70, 620],
            AP=Dictionary(N=states),
        )  # fmt: skip
        if value is not None:
            made.V = Name(value)
        if look is not None:
            made.AS = Name(look)
        form(document, document.make_indirect(made))

    return change


def _look(document: pikepdf.Pdf) -> pikepdf.Object:
    made = document.make_stream(b"0 0 20 20 re S")
    made.Type, made.Subtype, made.BBox = Name.XObject, Name.Form, [0, 0, 20, 20]
    return made


def xfa(document: pikepdf.Pdf) -> None:
    """With a document type of its own and an entity that would fetch a file (S-17): nobody reads it here."""
    packet = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xdp:xdp xmlns:xdp="x">&e;</xdp:xdp>'
    form(document, XFA=document.make_stream(packet))


def not_drawn(document: pikepdf.Pdf) -> None:
    form(document, NeedAppearances=True)


def opens_with(**action: object) -> Change:
    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = Dictionary(**action)

    return change


def sealed_unseen(content: bytes) -> bytes:
    """As a program seals that does not look at what it seals."""
    words = SignatureText("Signature1", OFFICE, SIGNED_AT, "")
    reader = PdfFileReader(BytesIO(content), strict=True)
    prepared = append_signature(content, reader, words, octets=PRESS.writer.size, image=seal_image())
    return prepared.fill(PRESS.writer.sign(prepared.digest(PRESS.writer.digest)))


REFUSED = {
    "script": (opens_with(S=Name.JavaScript, JS=String("app.alert(1)")), "pdf-active-content", Trait.ACTIVE),
    "launch": (opens_with(S=Name.Launch, F=String("calc.exe")), "pdf-active-content", Trait.ACTIVE),
    "submit": (opens_with(S=Name.SubmitForm, F=String("https://x.example")), "pdf-active-content", Trait.ACTIVE),
    "elsewhere": (opens_with(S=Name.GoToR, F=String("other.pdf")), "pdf-active-content", Trait.ACTIVE),
    "xfa": (xfa, "pdf-xfa", Trait.XFA),
    "not-drawn": (not_drawn, "pdf-form-not-drawn", Trait.NOT_DRAWN),
    "ticked-not-said": (box("/Off", "/Yes"), "pdf-form-contradicts", Trait.CONTRADICTS),
    "said-not-ticked": (box("/Yes", "/Off"), "pdf-form-contradicts", Trait.CONTRADICTS),
    "said-no-look": (box("/Yes", None), "pdf-form-contradicts", Trait.CONTRADICTS),
}
TWINS = {
    "page-to-open-at": opens_with(S=Name.GoTo, D=Array([0, Name.Fit])),
    "empty-form": lambda document: form(document),
    "ticked": box("/Yes", "/Yes"),
    "not-ticked": box("/Off", "/Off"),
    "never-touched": box(None, "/Off"),
}


@pytest.mark.parametrize(("change", "code", "_trait"), REFUSED.values(), ids=REFUSED)
def test_dynamic_files_are_not_sealed_and_the_words_say_what_to_do(change: Change, code: str, _trait: Trait) -> None:
    with pytest.raises(PdfRefused) as refused:
        open_for_sealing(changed(change), limit=1 << 24)
    assert refused.value.code == code
    assert refused.value.text.zh.endswith("。")
    assert any(word in refused.value.text.zh for word in ("请", "导出", "打印"))


@pytest.mark.parametrize(("change", "_code", "trait"), REFUSED.values(), ids=REFUSED)
async def test_one_that_somebody_else_signed_is_judged_with_a_warning(change: Change, _code: str, trait: Trait) -> None:
    report = await JUDGE(sealed_unseen(changed(change)))
    assert report.conclusion == "genuine"
    assert report.notices == (TRAIT_WORDS[trait],)


@pytest.mark.parametrize("change", TWINS.values(), ids=TWINS)
async def test_the_legitimate_twin_is_sealed_without_a_word(change: Change) -> None:
    report = await JUDGE(PRESS.seal(changed(change)))
    assert (report.conclusion, report.notices) == ("genuine", ())


@pytest.mark.parametrize(
    "lock",
    [
        pikepdf.Encryption(user="secret", owner="secret"),
        pikepdf.Encryption(owner="secret"),
        pikepdf.Encryption(owner="secret", R=3, aes=False, metadata=False),
    ],
    ids=["password", "owner-only", "rc4"],
)
async def test_s20_encrypted_files_are_refused_and_cannot_be_judged(lock: pikepdf.Encryption) -> None:
    document, out = pikepdf.open(BytesIO(pdf())), BytesIO()
    document.save(out, encryption=lock)
    with pytest.raises(PdfRefused) as refused:
        open_for_sealing(out.getvalue(), limit=1 << 24)
    assert refused.value.code == "pdf-encrypted"
    report = await JUDGE(out.getvalue())
    assert (report.indication, report.conclusion) == ("INDETERMINATE", "undecided")
    assert "加了密" in report.text.zh
