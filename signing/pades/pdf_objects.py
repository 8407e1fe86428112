"""Typed makers of PDF objects, for pyHanko's own constructors are not annotated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

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


def text_string(value: str) -> generic.PdfObject:
    """A text string (ISO 32000-1 §7.9.2.2)."""
    return generic.pdf_string(value)


def serialised(value: generic.PdfObject, container: generic.Reference | None = None) -> bytes:
    """The object as it stands in a file."""
    out = BytesIO()
    value.write_to_stream(out, None, container_ref=container)
    return out.getvalue()


def entry(container: generic.DictionaryObject, key: str, default: Any = None) -> Any:
    """The value under `key`, references followed (a dictionary's own `get` does not); `default` if absent or null."""
    try:
        return container[key]
    except KeyError:
        return default


def entries(container: generic.DictionaryObject, key: str, most: int = 10_000) -> list[Any]:
    """The elements of the array under `key`, references followed (a loop over the array does not); none if absent."""
    array = entry(container, key)
    if not isinstance(array, generic.ArrayObject):
        return []
    return [array[index] for index in range(min(len(array), most))]
