"""Documents of natural persons: each has one canonical form and one key, however it is typed or misread."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.identifiers.documents import Document, DocumentKind, parse_document
from tests.property.test_citizen_id_properties import with_check

TODAY = dt.date(2026, 11, 23)
INVISIBLE = ["\u200b", "\u200e", "\u202e", "\u2066", "\ufeff", " ", "\u3000", "-", "—"]
FULL_WIDTH = {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
HOMOGLYPHS = {"H": "Н", "M": "М", "A": "А", "E": "Е", "0": "٠", "1": "١"}  # Cyrillic and Arabic-Indic
few = settings(max_examples=60, deadline=None)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A document of any kind, in canonical form."""
    digits = st.text("0123456789", min_size=8, max_size=8)
    born, serial = draw(st.dates(dt.date(1920, 1, 1), TODAY)), draw(st.integers(0, 999))
    made = {
        DocumentKind.CITIZEN_ID: lambda: ("", with_check(f"410105{born:%Y%m%d}{serial:03d}")),
        DocumentKind.FOREIGN_RESIDENT: lambda: ("", f"SGP{draw(digits)}{serial:04d}"),
        DocumentKind.HK_MACAO_PERMIT: lambda: ("", draw(st.sampled_from("HM")) + draw(digits)),
        DocumentKind.TAIWAN_PERMIT: lambda: ("", draw(digits)),
        DocumentKind.PASSPORT: lambda: (draw(st.sampled_from(["SGP", "CHN", "DEU"])), "E" + draw(digits)),
    }
    kind = draw(st.sampled_from(sorted(made)))
    state, number = made[kind]()
    return Document(kind, number, state)


@given(documents(), st.data())
@few
def test_every_way_of_typing_gives_the_one_form(document: Document, data: st.DataObject) -> None:
    typed = document.number.lower() if data.draw(st.booleans()) else document.number
    typed = typed.translate(FULL_WIDTH) if data.draw(st.booleans()) else typed
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(typed)))
        typed = typed[:at] + data.draw(st.sampled_from(INVISIBLE)) + typed[at:]
    read = parse_document(document.kind, typed, state=document.state.lower(), today=TODAY)
    assert read == document


@given(documents(), st.data())
@few
def test_a_look_alike_is_the_same_key_or_refused(document: Document, data: st.DataObject) -> None:
    """O-52's neighbour: whoever writes the letter for the digit, or a letter of another script, gets no second key."""
    at = data.draw(st.integers(0, len(document.number) - 1))
    other = {"0": "O", "1": "I"} | HOMOGLYPHS if data.draw(st.booleans()) else HOMOGLYPHS
    typed = document.number[:at] + other.get(document.number[at], document.number[at]) + document.number[at + 1 :]
    read = read_or_refused(document, typed)
    if isinstance(read, InvalidInput):
        assert read.field == "id_number"
        assert typed not in f"{read.text} {read.private}"
    else:
        assert (read.kind, read.key) == (document.kind, document.key)


def read_or_refused(document: Document, typed: str) -> Document | InvalidInput:
    try:
        return parse_document(document.kind, typed, state=document.state, today=TODAY)
    except InvalidInput as refusal:
        return refusal


@given(documents(), st.integers(0, 99), st.sampled_from(["", "B", "(B)", "（B）"]))
@few
def test_a_permit_issued_again_is_the_same_persons(document: Document, times: int, letter: str) -> None:
    if document.kind is DocumentKind.HK_MACAO_PERMIT:
        typed = f"{document.number}{times:02d}"
    elif document.kind is DocumentKind.TAIWAN_PERMIT:
        typed = f"{document.number}{times:02d}{letter}"
    else:
        return
    assert parse_document(document.kind, typed, today=TODAY) == document


@given(st.dates(dt.date(1920, 1, 1), TODAY), st.integers(0, 999))
@few
def test_cards_of_one_number_space_are_one_key(born: dt.date, serial: int) -> None:
    """A residence permit typed as an ID card, and the other way round, is no second person."""
    places = {"810000": DocumentKind.RESIDENCE_PERMIT, "931702": DocumentKind.FOREIGN_RESIDENT}
    for place, kind in places.items():
        number = with_check(f"{place}{born:%Y%m%d}{serial:03d}")
        read = parse_document(kind, number, today=TODAY)
        assert read == parse_document(DocumentKind.CITIZEN_ID, number, today=TODAY)
        assert (read.birth_date, read.sex) == (born, "male" if serial % 2 else "female")


@pytest.mark.parametrize(
    ("kind", "typed", "state"),
    [
        (DocumentKind.PASSPORT, "E12345678", "XYZ"),  # no such issuer
        (DocumentKind.PASSPORT, "E12345678", ""),
        (DocumentKind.PASSPORT, "ABCDEFGH", "SGP"),  # no digit
        (DocumentKind.PASSPORT, "E1234567890123", "SGP"),
        (DocumentKind.HK_MACAO_PERMIT, "A12345678", ""),
        (DocumentKind.HK_MACAO_PERMIT, "H1234567", ""),
        (DocumentKind.TAIWAN_PERMIT, "1234567", ""),
        (DocumentKind.FOREIGN_RESIDENT, "XYZ123456789012", ""),
        (DocumentKind.RESIDENCE_PERMIT, with_check("41010519880229001"), ""),  # a citizen's
        (DocumentKind.FOREIGN_RESIDENT, with_check("41010519880229001"), ""),
    ],
)
def test_what_no_such_document_has_is_refused(kind: DocumentKind, typed: str, state: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_document(kind, typed, state=state, today=TODAY)
    assert refused.value.field in ("id_number", "issuer")


@given(documents())
@few
def test_masked_and_repr_keep_the_number(document: Document) -> None:
    assert document.number not in repr(document)
    assert document.number not in document.masked.replace(" ", "")
