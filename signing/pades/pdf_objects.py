"""Typed makers of PDF objects, for pyHanko's own constructors are not annotated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO

from pyhanko.pdf_utils import generic


def name(value: str) -> generic.NameObject:
    return generic.pdf_name(value)


def number(value: int) -> generic.NumberObject:
    return generic.NumberObject(value)  # type: ignore[no-untyped-call]  # not annotated


def real(value: float) -> generic.FloatObject:
    return generic.FloatObject(f"{value:.3f}")  # type: ignore[no-untyped-call]  # not annotated


def array(values: Iterable[generic.PdfObject]) -> generic.ArrayObject:
    return generic.ArrayObject(list(values))


def dictionary(entries: Mapping[str, generic.PdfObject]) -> generic.DictionaryObject:
    return generic.DictionaryObject({name(key): value for key, value in entries.items()})  # type: ignore[no-untyped-call]  # not annotated


def pointer(reference: generic.Reference) -> generic.IndirectObject:
    return generic.IndirectObject(reference.idnum, reference.generation, reference.pdf)  # type: ignore[no-untyped-call]  # not annotated


def serialised(value: generic.PdfObject, container: generic.Reference | None = None) -> bytes:
    """The object as it stands in a file."""
    out = BytesIO()
    value.write_to_stream(out, None, container_ref=container)
    return out.getvalue()
