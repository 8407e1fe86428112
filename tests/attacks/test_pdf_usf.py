"""S-01, universal signature forgery: a signature dictionary with something missing, empty, doubled or odd."""

from __future__ import annotations

import re

import pytest

from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_forgeries import Edit, edit_dictionary
from tests.support.signing_world import FileJudge, press
from tests.support.tally import forged, genuine

AUTHORITY = PlainAuthority.make()
SEALED = press(AUTHORITY).seal(pdf())
_RANGE = re.compile(rb"/ByteRange \[[^\]]*\] *")
_CONTENTS = re.compile(rb"/Contents <[0-9a-f]*>")
_START, _END, _LENGTH = (int(one) for one in re.findall(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", SEALED)[-1])


def byte_range(value: str) -> Edit:
    """Put another byte range in the same room, so that the offsets stay as they were."""

    def edit(dictionary: bytes) -> bytes:
        found = _RANGE.search(dictionary)
        assert found
        made = f"/ByteRange {value} ".encode() if value else b""
        return dictionary.replace(found[0], made.ljust(len(found[0])))

    return edit


def contents(value: bytes) -> Edit:
    def edit(dictionary: bytes) -> bytes:
        return _CONTENTS.sub(lambda _: value, dictionary)

    return edit


def swap(old: bytes, new: bytes) -> Edit:
    def edit(dictionary: bytes) -> bytes:
        assert old in dictionary
        return dictionary.replace(old, new, 1)

    return edit


_VALUE = _CONTENTS.findall(SEALED)[-1]
VARIANTS: dict[str, Edit] = {
    "range-missing": byte_range(""),
    "range-null": byte_range("null"),
    "range-empty": byte_range("[]"),
    "range-one": byte_range("[0]"),
    "range-three": byte_range(f"[0 {_START} {_END}]"),
    "range-five": byte_range(f"[0 {_START} {_END} {_LENGTH} 0]"),
    "range-six": byte_range(f"[0 {_START} {_END} {_LENGTH - 9} {_END + _LENGTH - 9} 9]"),
    "range-zeros": byte_range("[0 0 0 0]"),
    "range-not-from-zero": byte_range(f"[9 {_START - 9} {_END} {_LENGTH}]"),
    "range-negative-start": byte_range(f"[-1 {_START} {_END} {_LENGTH}]"),
    "range-negative-length": byte_range(f"[0 {_START} {_END} -{_LENGTH}]"),
    "range-huge": byte_range(f"[0 {_START} {_END} 99999999999]"),
    "range-beyond-number": byte_range(f"[0 {_START} {_END} {'9' * 30}]"),
    "range-reals": byte_range(f"[0 {_START}.0 {_END}.0 {_LENGTH}.0]"),
    "range-strings": byte_range(f"[(0) ({_START}) ({_END}) ({_LENGTH})]"),
    "range-names": byte_range("[/a /b /c /d]"),
    "range-number": byte_range("0"),
    "range-indirect": byte_range("1 0 R"),
    "range-indirect-parts": byte_range("[0 1 0 R 2 0 R 3 0 R]"),
    "range-nested": byte_range(f"[[0 {_START} {_END} {_LENGTH}]]"),
    "range-turned": byte_range(f"[0 {_END} {_START} {_LENGTH}]"),
    "range-overlapping": byte_range(f"[0 {_START} {_START - 50} {_LENGTH}]"),
    "range-all-of-it": byte_range(f"[0 {_END + _LENGTH} {_END + _LENGTH} 0]"),
    "range-first-part-only": byte_range(f"[0 {_START} {_END} 0]"),
    "range-wider-gap-before": byte_range(f"[0 {_START - 30} {_END} {_LENGTH}]"),
    "range-wider-gap-after": byte_range(f"[0 {_START} {_END + 30} {_LENGTH - 30}]"),
    "range-short-of-end": byte_range(f"[0 {_START} {_END} {_LENGTH - 6}]"),
    "range-doubled": swap(b"/Filter ", f"/ByteRange [0 {_START} {_END} {_LENGTH}] /Filter ".encode()),
    "range-disguised": swap(b"/ByteRange", b"/Byte#52ange"),
    "contents-missing": contents(b""),
    "contents-null": contents(b"/Contents null"),
    "contents-empty": contents(b"/Contents <>"),
    "contents-zero": contents(b"/Contents <00>"),
    "contents-zeros": contents(b"/Contents <" + b"0" * (len(_VALUE) - 12) + b">"),
    "contents-literal": contents(b"/Contents (abc)"),
    "contents-name": contents(b"/Contents /Name"),
    "contents-number": contents(b"/Contents 0"),
    "contents-indirect": contents(b"/Contents 1 0 R"),
    "contents-array": contents(b"/Contents [" + _VALUE[10:] + b"]"),
    "contents-odd-digits": contents(_VALUE[:-2] + b">"),
    "contents-spaced": contents(_VALUE[:40] + b" " + _VALUE[41:]),
    "contents-half": contents(_VALUE[: len(_VALUE) // 2] + b">"),
    "contents-doubled-before": swap(b"/Filter ", b"/Contents <00> /Filter "),
    "contents-doubled-after": contents(_VALUE + b" /Contents <00>"),
    "contents-disguised": swap(b"/Contents", b"/Content#73"),
    "subfilter-missing": swap(b"/SubFilter /ETSI.CAdES.detached", b"".ljust(31)),
    "subfilter-null": swap(b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter null".ljust(31)),
    "subfilter-unknown": swap(b"/ETSI.CAdES.detached", b"/ETSI.CAdES.detachee"),
    "subfilter-sha1": swap(b"/ETSI.CAdES.detached", b"/adbe.pkcs7.sha1    "),
    "subfilter-timestamp": swap(b"/ETSI.CAdES.detached", b"/ETSI.RFC3161       "),
    "subfilter-string": swap(b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter (ETSI.CAdES.detached"[:30] + b")"),
    "type-timestamp": swap(b"/Type /Sig", b"/Type /DocTimeStamp"),
    "dictionary-emptied": lambda dictionary: b"<< >>",
    "dictionary-null": lambda dictionary: b"null",
    "dictionary-array": lambda dictionary: b"[]",
}


async def test_twin_is_genuine() -> None:
    report = genuine("S-01", await FileJudge(AUTHORITY)(SEALED))
    assert (report.indication, report.conclusion) == ("TOTAL-PASSED", "genuine")


async def test_rewriting_the_dictionary_as_it_was_changes_nothing() -> None:
    assert edit_dictionary(SEALED, lambda dictionary: dictionary) == SEALED


@pytest.mark.parametrize("variant", VARIANTS)
async def test_forged_dictionary_is_refused_with_a_reason(variant: str) -> None:
    made = edit_dictionary(SEALED, VARIANTS[variant])
    assert made != SEALED
    report = forged("S-01", await FileJudge(AUTHORITY)(made))
    assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")
    assert report.sub_indication in {"FORMAT_FAILURE", "HASH_FAILURE"}
    assert any(step.passed is False and step.text.zh and step.text.en for step in report.steps)
