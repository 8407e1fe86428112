"""What the seal of a later signer may add to pages: its field's own picture, and stamps that paint nothing else.

A seal that stands in several places has one signature field; the other places are stamps (`signing.pades.seal_field`).
They are told from stamps that somebody lays over the text by this: each does nothing but paint the very object that
the new signature's own picture paints, cut to a window, no larger than a seal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyhanko.pdf_utils import generic
from pyhanko.sign.diff_analysis import FormUpdate, ModificationLevel, SigFieldCreationRule, SuspiciousModification
from pyhanko.sign.diff_analysis.form_rules_api import FieldComparisonContext
from pyhanko.sign.diff_analysis.rules.form_field_rules import _walk_page_tree_annots

from signing.pades.pdf_objects import entries, entry
from signing.pades.seal_field import DRAW_SEAL, SEAL

_KEYS = frozenset({"/Type", "/Subtype", "/F", "/Rect", "/AP", "/P"})
_FORM_KEYS = frozenset({"/Type", "/Subtype", "/BBox", "/Matrix", "/Resources", "/Length", "/Filter"})
_LARGEST = 70 / 25.4 * 72  # of a seal's side, in points

Changes = Iterator[tuple[ModificationLevel, FormUpdate]]


class NewSeals(SigFieldCreationRule):
    """As its ancestor, and allows the stamps of a new seal together with the seal."""

    def __init__(self) -> None:
        super().__init__(approve_widget_bindings=False)  # type: ignore[no-untyped-call]  # not annotated

    def apply(self, context: FieldComparisonContext) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
        yield from super().apply(context)
        widgets = dict(_widgets(context))
        if not widgets:
            return
        stamps = set(_stamps(context, {seal for one in widgets if (seal := _painted(one)) is not None}))
        yield from self._stamped(context, stamps)
        named = {**widgets, **dict.fromkeys(stamps)}
        old, new = context.old.root["/Pages"], context.new.root["/Pages"]
        for change in _walk_page_tree_annots(old, new, named, context.old, True, refs_seen=set()):
            yield ModificationLevel.LTA_UPDATES, change

    def _stamped(self, context: FieldComparisonContext, stamps: Iterable[generic.Reference]) -> Changes:
        for stamp in stamps:
            content = _dictionary(stamp)
            fresh = context.new.collect_dependencies(content.raw_get("/AP"), since_revision=context.old.revision + 1)
            for reference in (stamp, *fresh):
                change = FormUpdate(updated_ref=reference, field_name=None, valid_when_certifying=False)
                yield ModificationLevel.FORM_FILLING, change


def _widgets(context: FieldComparisonContext) -> Iterator[tuple[generic.Reference, str]]:
    """Annotations of the signature fields that are new, with their field's name."""
    for field_name, spec in context.field_specs.items():
        if spec.field_type != "/Sig" or spec.old_field_ref or spec.new_field_ref is None:
            continue
        kids = entry(_dictionary(spec.new_field_ref), "/Kids", ())
        apart = [kid.reference for kid in kids if isinstance(kid, generic.IndirectObject)]
        for reference in apart or [spec.new_field_ref]:
            if not apart or "/T" not in _dictionary(reference):  # a kid with a name is another field
                yield reference, field_name


def _stamps(context: FieldComparisonContext, seals: set[generic.Reference]) -> Iterator[generic.Reference]:
    for reference in context.new.explicit_refs_in_revision():  # type: ignore[no-untyped-call]  # not annotated
        if not context.old.is_ref_unassignable(reference):  # it stood for something before
            continue
        content = context.new(reference)
        if (
            isinstance(content, generic.DictionaryObject)
            and entry(content, "/Subtype") == "/Stamp"
            and _KEYS.issuperset(content)
            and _is_small(content)
            and _painted(reference) in seals
        ):
            yield reference


def _is_small(annotation: generic.DictionaryObject) -> bool:
    rectangle = [float(value) for value in entries(annotation, "/Rect")]
    if len(rectangle) != 4:
        return False
    left, bottom, right, top = rectangle
    return abs(right - left) <= _LARGEST and abs(top - bottom) <= _LARGEST


def _painted(annotation: generic.Reference) -> generic.Reference | None:
    """The outlines that an annotation paints, if it does nothing else."""
    appearance = entry(_dictionary(annotation), "/AP")
    if not isinstance(appearance, generic.DictionaryObject) or set(appearance) != {"/N"}:
        return None
    form = appearance["/N"]
    if not isinstance(form, generic.StreamObject) or not _FORM_KEYS.issuperset(form) or form.data != DRAW_SEAL:
        return None
    resources = entry(form, "/Resources")
    if not isinstance(resources, generic.DictionaryObject) or set(resources) != {"/XObject"}:
        return None
    objects = resources["/XObject"]
    if not isinstance(objects, generic.DictionaryObject) or set(objects) != {SEAL}:
        return None
    outlines = objects.raw_get(SEAL)
    return outlines.reference if isinstance(outlines, generic.IndirectObject) else None


def _dictionary(reference: generic.Reference) -> generic.DictionaryObject:
    found = reference.get_object()
    if not isinstance(found, generic.DictionaryObject):
        raise SuspiciousModification("an annotation or a field that is not a dictionary")
    return found
