"""What a card reader or a scanner types into a number field: a bare number, `name|number`, a line of XML.

Readers differ in what they send around the number, so nothing of their format is parsed: the one citizen identity
number in it (GB 11643, with its check character) is taken, and what holds none or several is left as it was typed.
"""

from __future__ import annotations

import re
import unicodedata

from stdnum.iso7064 import mod_11_2

LONGEST = 4000  # characters; readers send some hundred
_FRAMED = re.compile(r"[<>|,;:=\t\"']")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")


def number_of(typed: str) -> str:
    """The number in what a reader sent; anything else as it was."""
    plain = unicodedata.normalize("NFKC", typed[:LONGEST])
    if not _FRAMED.search(plain):
        return typed
    found = {one.upper() for one in _NUMBER.findall(plain) if mod_11_2.is_valid(one.upper())}
    return found.pop() if len(found) == 1 else typed
