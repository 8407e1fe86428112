"""Judges what was added to a file after it was signed (ISO 32000-1 §12.8.2.2; the 2018 and 2021 attack reports).

A revision that a later good signature covers may add what a second signer needs: a signature field, its value, its
picture, metadata. One that only a document time-stamp covers may add that time-stamp and validation data, nothing that
shows; one that nobody signed may add validation data alone, unless the document was certified with leave to fill in
its form, or to annotate it; annotations are told as what they are, visible changes. Time-stamps and validation data are
no changes even where a certification forbids all (ISO 32000-2 §12.8.2.2).
Everything is allowed by name; what no rule explains is a change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DocInfoRule,
    DSSCompareRule,
    FormUpdatingRule,
    GenericFieldModificationRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
    XrefStreamRule,
)
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm

from core.text import Text
from signing.pades.pdf_objects import entries, entry, serialised
from signing.verification.new_annotations import NewAnnotations
from signing.verification.new_seals import NewSeals
from signing.verification.report import VISIBLE_CHANGES, Check, Fault

_FREE_INFORMATION = frozenset({"/ModDate", "/Producer"})
_FREE_METADATA = re.compile(
    rb"<(xmp:ModifyDate|xmp:MetadataDate|pdf:Producer)>[^<]*</\1>"
    rb"|\s(?:xmp:ModifyDate|xmp:MetadataDate|pdf:Producer)=(?:\"[^\"<]*\"|'[^'<]*')"
)
_LTA = ModificationLevel.LTA_UPDATES
_FILLED_IN = (MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE)
_FORM = FormUpdatingRule([NewSeals(), SigFieldModificationRule(), GenericFieldModificationRule()])
_ANNOTATED_FORM = FormUpdatingRule(
    [NewSeals(), NewAnnotations(), SigFieldModificationRule(), GenericFieldModificationRule()]
)


def _policy(form: FormUpdatingRule | None) -> StandardDiffPolicy:
    metadata = MetadataUpdateRule()  # type: ignore[no-untyped-call]  # not annotated
    rules = [
        CatalogModificationRule(),  # type: ignore[no-untyped-call]  # not annotated
        XrefStreamRule().as_qualified(_LTA),
        ObjectStreamRule().as_qualified(_LTA),
        DSSCompareRule().as_qualified(_LTA),
        # what these two may change in a revision that nobody signed is for _description_is_kept to say
        DocInfoRule().as_qualified(_LTA),
        metadata.as_qualified(_LTA),
    ]
    # an object that nothing refers to has no business in an update either
    return StandardDiffPolicy(rules, form, ignore_orphaned_objects=False)


_WITH_FORM = _policy(_FORM)
_WITH_ANNOTATIONS = _policy(_ANNOTATED_FORM)
_VALIDATION_DATA = _policy(None)

CHANGED = Fault(
    Check.LATER,
    "FORMAT_FAILURE",
    Text(
        "盖章之后有人追加了修订，改动了内容。", "After sealing, somebody appended a revision that changes the content."
    ),
)
APPENDED = Fault(
    Check.LATER,
    "FORMAT_FAILURE",
    Text("盖章之后有人在文件末尾追加了数据。", "After sealing, somebody appended data to the file."),
)
ANNOTATED = Fault(
    Check.LATER,
    VISIBLE_CHANGES,
    Text(
        "盖章人允许加批注；盖章之后有人加了批注，正文没有改。",
        "The signer permits annotations; after sealing, somebody added some. The content itself is unchanged.",
    ),
)


@dataclass(frozen=True, slots=True)
class Last:
    """Numbers of the last revision that a good signature covers, and of the last that it or a time-stamp covers."""

    signed: int
    covered: int


def later_fault(
    reader: PdfFileReader, signature: generic.DictionaryObject, *, revision: int, last: Last
) -> Fault | None:
    """What is wrong with the revisions after `revision`, or None.

    Args:
        signature: the signature dictionary that covers up to `revision`.
        revision: number of the covered revision, from 0.
    """
    rules = rules_of(signature, last)
    old = reader.get_historical_resolver(revision)
    annotated: Fault | None = None
    for number in range(revision + 1, reader.total_revisions):
        fault = step_fault(old, reader.get_historical_resolver(number), rules)
        if fault is not None and fault is not ANNOTATED:
            return fault
        annotated = annotated or fault
    return annotated


@dataclass(frozen=True, slots=True)
class Rules:
    """By which the revisions after a signature are judged."""

    permission: MDPPerm | None
    locked: FieldMDPSpec | None
    last: Last


def rules_of(signature: generic.DictionaryObject, last: Last) -> Rules:
    """What a signature permits."""
    return Rules(_permission(signature), _locked_fields(signature), last)


def step_fault(old: HistoricalResolver, new: HistoricalResolver, rules: Rules) -> Fault | None:
    """What is wrong with `new`, compared with `old`; `ANNOTATED` if it is right but shows."""
    number, last, permission = new.revision, rules.last, rules.permission
    may_fill = permission is not MDPPerm.NO_CHANGES and (number <= last.signed or permission in _FILLED_IN)
    policy = _WITH_FORM if may_fill or number <= last.covered else _VALIDATION_DATA
    if permission is MDPPerm.ANNOTATE:
        policy = _WITH_ANNOTATIONS
    if number > last.signed and not new.explicit_refs_in_revision():  # type: ignore[no-untyped-call]  # not annotated
        return APPENDED  # a revision that only turns tables serves nobody honest
    if number > last.signed and not _description_is_kept(old, new):
        return CHANGED
    try:
        found = policy.apply(old, new, field_mdp_spec=rules.locked, doc_mdp=permission).modification_level
    except SuspiciousModification:
        return CHANGED
    if found is ModificationLevel.ANNOTATIONS and permission is MDPPerm.ANNOTATE:
        return ANNOTATED
    return CHANGED if found > (ModificationLevel.FORM_FILLING if may_fill else _LTA) else None


def _description_is_kept(old: HistoricalResolver, new: HistoricalResolver) -> bool:
    """True if information and metadata are the same but for the program and the date of the last change."""
    return _information(old) == _information(new) and _metadata(old) == _metadata(new)


def _information(resolver: HistoricalResolver) -> dict[str, bytes]:
    found = entry(resolver.trailer_view, "/Info", {})
    return {str(key): serialised(found.raw_get(key)) for key in found if key not in _FREE_INFORMATION}


def _metadata(resolver: HistoricalResolver) -> bytes:
    if "/Metadata" not in resolver.root:
        return b""
    stream = resolver.root.raw_get("/Metadata").get_object()  # its own getter would parse the XML
    return _FREE_METADATA.sub(b"", stream.data) if isinstance(stream, generic.StreamObject) else b""


def _permission(signature: generic.DictionaryObject) -> MDPPerm | None:
    """What a certification allows (DocMDP, ISO 32000-1 §12.8.2.2); None for an ordinary signature."""
    for reference in entries(signature, "/Reference"):
        if entry(reference, "/TransformMethod") == "/DocMDP":
            return MDPPerm(int(entry(reference["/TransformParams"], "/P", 2)))
    return None


def _locked_fields(signature: generic.DictionaryObject) -> FieldMDPSpec | None:
    """The form fields that a signature locks (FieldMDP, ISO 32000-1 §12.8.2.4)."""
    for reference in entries(signature, "/Reference"):
        if entry(reference, "/TransformMethod") == "/FieldMDP":
            return FieldMDPSpec.from_pdf_object(reference["/TransformParams"])
    return None
