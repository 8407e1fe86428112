"""What a certification that permits annotations (DocMDP with P = 3, ISO 32000-1 table 254) lets anybody add to pages.

Comments and markings that are seen as such, laid on pages that stay as they were: new ones only, without actions, files
or links. They change what a page shows, so a file that has them is never plainly unchanged. Redactions are none of
them: they are there to hide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyhanko.pdf_utils import generic
from pyhanko.sign.diff_analysis import FieldMDPRule, FormUpdate, ModificationLevel
from pyhanko.sign.diff_analysis.form_rules_api import FieldComparisonContext
from pyhanko.sign.diff_analysis.rules.form_field_rules import _walk_page_tree_annots

from signing.pades.pdf_objects import entry

_KINDS = frozenset(
    {
        "/Text", "/FreeText", "/Line", "/Square", "/Circle", "/Polygon", "/PolyLine", "/Highlight", "/Underline",
        "/Squiggly", "/StrikeOut", "/Stamp", "/Caret", "/Ink", "/Popup",
    }
)  # fmt: skip
_ACTIVE = frozenset({"/A", "/AA", "/PA", "/FS", "/Dest", "/Movie", "/Sound"})


class NewAnnotations(FieldMDPRule):
    """Allows them, and says that they are annotations."""

    def apply(self, context: FieldComparisonContext) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
        added = set(_added(context))
        if not added:
            return
        for reference in added:
            whole = {reference, *_behind(context, reference)}
            for one in whole:
                update = FormUpdate(updated_ref=one, field_name=None, valid_when_certifying=True)
                yield ModificationLevel.ANNOTATIONS, update
        old, new = context.old.root["/Pages"], context.new.root["/Pages"]
        named = dict.fromkeys(added)
        for change in _walk_page_tree_annots(old, new, named, context.old, True, refs_seen=set()):
            yield ModificationLevel.ANNOTATIONS, change


def _added(context: FieldComparisonContext) -> Iterator[generic.Reference]:
    for reference in context.new.explicit_refs_in_revision():  # type: ignore[no-untyped-call]  # not annotated
        if not context.old.is_ref_unassignable(reference):  # it stood for something before
            continue
        content = context.new(reference)
        if (
            isinstance(content, generic.DictionaryObject)
            and not isinstance(content, generic.StreamObject)
            and entry(content, "/Subtype") in _KINDS
            and "/Rect" in content
            and _ACTIVE.isdisjoint(content)
        ):
            yield reference


def _behind(context: FieldComparisonContext, annotation: generic.Reference) -> set[generic.Reference]:
    """What its appearance and its pop-up are made of, as far as it is new."""
    content, since = context.new(annotation), context.old.revision + 1
    found: set[generic.Reference] = set()
    for key in ("/AP", "/Popup"):
        if key in content:
            found |= context.new.collect_dependencies(content.raw_get(key), since_revision=since)
    return found
