"""Which objects a revision adds or replaces, and what each of them is there for (ISO 32000-1 §7.5.6, §7.7).

An object's part is the first of the places below from which the document reaches it; what cannot be reached, or only
beyond the bounds, is told as "other".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver

from signing.pades.pdf_objects import entry, serialised
from signing.verification.report import ObjectChange, Part

_MOST_NODES = 50_000
_MOST_TOLD = 40
_MOST_PAGES, _MOST_ANNOTATIONS, _MOST_FIELDS = 2_000, 1_000, 1_000
_UPWARDS = frozenset({"/Parent", "/P", "/Prev", "/Next", "/Kids"})
_HARMLESS = frozenset({Part.VALIDATION_DATA, Part.STRUCTURE, Part.TIMESTAMP})
_DESCRIPTIONS = ("/Metadata", "/Info")
_ACTIONS = ("/OpenAction", "/AA")


class _Place(NamedTuple):
    part: Part
    page: int | None = None
    name: str | None = None


def changed_objects(old: HistoricalResolver, new: HistoricalResolver) -> tuple[ObjectChange, ...]:
    """What the revision `new` holds, gathered by part, page and name; the most telling first."""
    changed = set(new.explicit_refs_in_revision())  # type: ignore[no-untyped-call]  # not annotated
    freed = set(new.refs_freed_in_revision())  # type: ignore[no-untyped-call]  # not annotated
    places = _Places(new, changed).found
    root = new.root.container_ref
    if isinstance(root, generic.Reference) and root in changed:
        places[root] = _Place(Part.CATALOGUE, None, _changed_keys(old.root, new.root))
    counts: Counter[tuple[_Place, bool]] = Counter()
    for reference in changed | freed:
        place = places.get(reference) or _Place(_of_the_file(new, reference))
        counts[place, bool(old.is_ref_unassignable(reference))] += 1
    order = list(Part)
    told = sorted(counts.items(), key=lambda one: (order.index(one[0][0].part), one[0][0].page or 0, one[0][1]))
    return tuple(
        ObjectChange(place.part, place.page, place.name and plain(place.name), new_one, count, place.part in _HARMLESS)
        for (place, new_one), count in told[:_MOST_TOLD]
    )


def _changed_keys(old: generic.DictionaryObject, new: generic.DictionaryObject) -> str:
    """What of the catalogue is another, e.g. `OpenAction`."""
    keys = {
        key
        for key in {*old, *new}
        if key not in old or key not in new or serialised(old.raw_get(key)) != serialised(new.raw_get(key))
    }
    return ", ".join(sorted(str(key).lstrip("/") for key in keys))[:200]


def plain(text: str) -> str:
    """A name of the file's that can be written down: half a surrogate pair cannot."""
    return text[:200].encode("utf-8", "replace").decode()


def _of_the_file(new: HistoricalResolver, reference: generic.Reference) -> Part:
    try:
        content = new(reference)
    except Exception:  # a parser may throw anything at hostile bytes
        return Part.OTHER
    kind = entry(content, "/Type") if isinstance(content, generic.StreamObject) else None
    return Part.STRUCTURE if kind in ("/XRef", "/ObjStm") else Part.OTHER


class _Places:
    """Walks a revision from its catalogue until everything wanted has a place."""

    def __init__(self, revision: HistoricalResolver, wanted: set[generic.Reference]) -> None:
        self.found: dict[generic.Reference, _Place] = {}
        self._seen: set[generic.Reference] = set()
        self._wanted = set(wanted)
        self._left = _MOST_NODES
        root = revision.root
        if root.container_ref is not None and isinstance(root.container_ref, generic.Reference):
            self._note(root.container_ref, _Place(Part.CATALOGUE))
        for start, place in self._starts(revision, root):
            if not self._wanted or self._left <= 0:
                break
            self._spread(start, place)

    def _starts(
        self, revision: HistoricalResolver, root: generic.DictionaryObject
    ) -> Iterator[tuple[generic.PdfObject, _Place]]:
        """Where to begin, in the order in which places count."""
        if "/DSS" in root:
            yield root.raw_get("/DSS"), _Place(Part.VALIDATION_DATA)
        form = entry(root, "/AcroForm")
        if isinstance(form, generic.DictionaryObject):
            yield from _fields(form, "/Fields", "")
        for key in _ACTIONS:
            if key in root:
                yield root.raw_get(key), _Place(Part.ACTION)
        names = entry(root, "/Names")
        for holder, key in ((root, "/AF"), (names, "/EmbeddedFiles"), (names, "/JavaScript")):
            if isinstance(holder, generic.DictionaryObject) and key in holder:
                part = Part.ACTION if key == "/JavaScript" else Part.ATTACHMENT
                yield holder.raw_get(key), _Place(part)
        for holder in (root, revision.trailer_view):
            for key in _DESCRIPTIONS:
                if key in holder:
                    yield holder.raw_get(key), _Place(Part.DESCRIPTION)
        yield from _pages(root)
        if form is not None and "/AcroForm" in root:
            yield root.raw_get("/AcroForm"), _Place(Part.FIELD)
        yield root, _Place(Part.CATALOGUE)

    def _spread(self, start: generic.PdfObject, place: _Place) -> None:
        """Everything that is reached from there, downwards."""
        waiting: list[object] = [start]
        while waiting and self._wanted and self._left > 0:
            self._left -= 1
            node = waiting.pop()
            if isinstance(node, generic.IndirectObject):
                if node.reference in self._seen:
                    continue
                self._note(node.reference, place)
                node = node.get_object()  # type: ignore[no-untyped-call]  # not annotated
            if isinstance(node, generic.DictionaryObject):
                waiting += [node.raw_get(key) for key in node if key not in _UPWARDS]
            elif isinstance(node, generic.ArrayObject):
                waiting += [node.raw_get(index) for index in range(len(node))]

    def _note(self, reference: generic.Reference, place: _Place) -> None:
        self._seen.add(reference)
        if reference in self._wanted:
            self._wanted.discard(reference)
            self.found[reference] = place


def _fields(
    holder: generic.DictionaryObject, key: str, prefix: str, depth: int = 0
) -> Iterator[tuple[generic.PdfObject, _Place]]:
    array = entry(holder, key)
    if depth > 8 or not isinstance(array, generic.ArrayObject):
        return
    for index in range(min(len(array), _MOST_FIELDS)):
        field = array[index]
        if not isinstance(field, generic.DictionaryObject):
            continue
        name = f"{prefix}{entry(field, '/T', '')}"[:200]
        yield array.raw_get(index), _Place(_kind(field), None, name)
        yield from _fields(field, "/Kids", f"{name}.", depth + 1)


def _kind(field: generic.DictionaryObject) -> Part:
    if entry(field, "/FT") != "/Sig":
        return Part.FIELD
    value = entry(field, "/V")
    stamp = isinstance(value, generic.DictionaryObject) and entry(value, "/Type") == "/DocTimeStamp"
    return Part.TIMESTAMP if stamp else Part.SIGNATURE


def _pages(root: generic.DictionaryObject) -> Iterator[tuple[generic.PdfObject, _Place]]:
    waiting: list[generic.PdfObject] = [root.raw_get("/Pages")]
    number, nodes = 0, 0
    while waiting and nodes < _MOST_PAGES:
        nodes += 1
        held = waiting.pop(0)
        node = held.get_object()  # type: ignore[no-untyped-call]  # not annotated
        if not isinstance(node, generic.DictionaryObject):
            continue
        kids = entry(node, "/Kids")
        if isinstance(kids, generic.ArrayObject):
            yield held, _Place(Part.PAGE)
            waiting = [kids.raw_get(index) for index in range(len(kids))] + waiting
            continue
        number += 1
        yield from _page(held, node, number)


def _page(
    held: generic.PdfObject, page: generic.DictionaryObject, number: int
) -> Iterator[tuple[generic.PdfObject, _Place]]:
    if "/Contents" in page:
        yield page.raw_get("/Contents"), _Place(Part.CONTENT, number)
    annotations = entry(page, "/Annots")
    if isinstance(annotations, generic.ArrayObject):
        for index in range(min(len(annotations), _MOST_ANNOTATIONS)):
            annotation = annotations[index]
            if isinstance(annotation, generic.DictionaryObject):
                kind = str(entry(annotation, "/Subtype", "")).lstrip("/")[:40]
                yield annotations.raw_get(index), _Place(Part.ANNOTATION, number, kind)
    if "/Annots" in page:
        yield page.raw_get("/Annots"), _Place(Part.ANNOTATION, number)
    if "/Resources" in page:
        yield page.raw_get("/Resources"), _Place(Part.RESOURCE, number)
    yield held, _Place(Part.PAGE, number)
