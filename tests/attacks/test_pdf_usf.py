"""S-01, universal signature forgery: a signature dictionary with something missing, empty, doubled or odd."""

from __future__ import annotations

import pytest

from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_forgeries import Edit, edit_dictionary
from tests.support.signing_world import FileJudge, press
from tests.support.spoiled_dictionaries import spoiled, swap
from tests.support.tally import forged, genuine

AUTHORITY = PlainAuthority.make()
SEALED = press(AUTHORITY).seal(pdf())
VARIANTS: dict[str, Edit] = {
    **spoiled(SEALED),
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
