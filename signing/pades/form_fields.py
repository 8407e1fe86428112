"""The form fields of a document (ISO 32000-1 §12.7.3), walked with bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.pades.pdf_objects import entries, entry

_MOST_FIELDS = 20_000
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class FormField:
    """A terminal field.

    Attributes:
        name: its full name (ISO 32000-1 §12.7.3.2).
        kind: `/Sig`, `/Tx` and so on, its own or from above.
    """

    name: str
    kind: str
    node: generic.DictionaryObject

    @property
    def signed(self) -> bool:
        return self.kind == "/Sig" and entry(self.node, "/V") is not None


def form_fields(reader: PdfFileReader) -> Iterator[FormField]:
    """Every terminal field.

    Raises:
        ValueError: the tree is no tree, or too large.
    """
    form = entry(reader.root, "/AcroForm")
    if not isinstance(form, generic.DictionaryObject):
        return
    waiting = [(node, "", "", 0) for node in reversed(entries(form, "/Fields"))]
    seen = 0
    while waiting:
        node, prefix, kind, depth = waiting.pop()
        seen += 1
        if seen > _MOST_FIELDS or depth > _DEEPEST:
            raise ValueError("the field tree is too large")
        if not isinstance(node, generic.DictionaryObject):
            continue
        own = entry(node, "/T")
        full = prefix if own is None else f"{prefix}.{own}" if prefix else str(own)
        kind = str(entry(node, "/FT", kind))
        # a kid without a name of its own is a widget, and its parent the field
        named = [kid for kid in entries(node, "/Kids") if isinstance(kid, generic.DictionaryObject) and "/T" in kid]
        if named:
            waiting += [(kid, full, kind, depth + 1) for kid in reversed(named)]
        else:
            yield FormField(full, kind, node)
