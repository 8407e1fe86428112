"""Finds the signature fields of a document (ISO 32000-1 §12.7.2, §12.7.4.5) without reading their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.pades.pdf_objects import entry

_HEAD = re.compile(rb"(\d{1,10}) (\d{1,5}) obj\s*")
_MOST_NODES = 20_000
_DEEPEST = 32


def signature_values(reader: PdfFileReader) -> list[tuple[str, generic.PdfObject]]:
    """Name and value (as it stands: a reference, if the file is well made) of every signed field.

    Raises:
        pyhanko.pdf_utils.misc.PdfError: the field tree is no tree, or too large.
    """
    form = entry(reader.root, "/AcroForm")
    fields = entry(form, "/Fields") if isinstance(form, generic.DictionaryObject) else None
    return list(_walk(reader, fields))


def _walk(reader: PdfFileReader, fields: object) -> Iterator[tuple[str, generic.PdfObject]]:
    waiting: list[tuple[object, str, object, int]] = [(fields, "", None, 0)]
    seen: set[generic.Dereferenceable] = set()
    while waiting:
        nodes, prefix, inherited, depth = waiting.pop()
        if not isinstance(nodes, generic.ArrayObject):
            continue
        for index in range(len(nodes)):
            node = nodes[index]  # this follows a reference; a loop over the array does not
            if not isinstance(node, generic.DictionaryObject):
                continue
            if node.container_ref is not None and isinstance(node.container_ref, generic.Reference):
                # a direct field shares its container with the array that holds it
                if node.container_ref in seen and node.container_ref != nodes.container_ref:
                    raise PdfError("a field stands in the tree twice")
                seen.add(node.container_ref)
            if len(seen) > _MOST_NODES or depth > _DEEPEST:
                raise PdfError("the field tree is too large")
            name = f"{prefix}.{node['/T']}" if prefix and "/T" in node else str(entry(node, "/T", prefix))
            kind = entry(node, "/FT", inherited)
            if kind == "/Sig" and "/V" in node and not _absent(reader, node.raw_get("/V")):
                yield name, node.raw_get("/V")
            if "/Kids" in node:
                waiting.append((node["/Kids"], name, kind, depth + 1))


def _absent(reader: PdfFileReader, value: object) -> bool:
    if isinstance(value, generic.IndirectObject):
        return reader.xrefs[value.reference] is None
    return isinstance(value, generic.NullObject)


def signature_dictionary(
    reader: PdfFileReader, reference: generic.Reference, before: bytes, after: bytes
) -> generic.DictionaryObject:
    """The signature dictionary from its own bytes, the value left empty: thousands of digits need no parsing.

    Args:
        before: from the object's head up to the gap of the byte range.
        after: from the gap to `endobj`.

    Raises:
        pyhanko.pdf_utils.misc.PdfError: it cannot be read strictly; duplicate keys among others.
    """
    head = _HEAD.match(before)
    if head is None or (int(head[1]), int(head[2])) != (reference.idnum, reference.generation):
        raise PdfError("another object stands in its place")
    stream = BytesIO(before[head.end() :] + b"<>" + after + b"endobj\n")
    value = generic.read_object(stream, reference)
    if not isinstance(value, generic.DictionaryObject) or isinstance(value, generic.StreamObject):
        raise PdfError("the signature is not a dictionary")
    if stream.read().strip() != b"endobj":
        raise PdfError("something stands behind the signature dictionary")
    return value
