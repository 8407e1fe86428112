"""Values as the XML of a package has them (GB/T 33190 §7.3): numbers without exponents, arrays with single spaces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def number(value: float, digits: int = 4) -> str:
    """
    Args:
        digits: after the point; four are a ten-thousandth of a millimetre.
    """
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def array(values: Iterable[float], digits: int = 4) -> str:
    return " ".join(number(value, digits) for value in values)


def attributes(pairs: Iterable[tuple[str, str | None]]) -> str:
    """With a space before each; those that are None are left out."""
    return "".join(f" {name}={quoteattr(value)}" for name, value in pairs if value is not None)


def is_writable(text: str) -> bool:
    """Whether XML 1.0 §2.2 has all of these signs."""
    return _NOT_IN_XML.search(text) is None


def writable(text: str) -> str:
    """The text, with U+FFFD for signs that XML 1.0 does not have."""
    return _NOT_IN_XML.sub("�", text)


def deltas(values: list[float]) -> str:
    """Distances from glyph to glyph, equal ones together: `g 3 4.2` (GB/T 33190 §11.3, table 47)."""
    words = [number(value) for value in values]
    out: list[str] = []
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and words[end] == words[at]:
            end += 1
        same = end - at
        out += ["g", str(same), words[at]] if same > 2 else [words[at]] * same
        at = end
    return " ".join(out)
