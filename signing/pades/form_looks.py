"""Whether the boxes and buttons of a form show what their fields say (ISO 32000-1 §12.7.4.2): readers show the look,
programs read the value, and a seal must not stand under two answers (attacks S-08).
"""

from __future__ import annotations

from pyhanko.pdf_utils import generic

from signing.pades.pdf_objects import entries, entry

_MOST = 10_000
_OFF = "/Off"


def contradicts(form: generic.DictionaryObject) -> bool:
    """True if a box or button shows another state than its field's value. Fields without a value say nothing."""
    waiting, seen = entries(form, "/Fields", _MOST), 0
    while waiting and seen < _MOST:
        seen += 1
        field = waiting.pop()
        if not isinstance(field, generic.DictionaryObject):
            continue
        kids = entries(field, "/Kids", _MOST)
        if entry(field, "/FT") == "/Btn" and _shows_another(field, kids or [field]):
            return True
        waiting += [kid for kid in kids if isinstance(kid, generic.DictionaryObject) and "/T" in kid]
    return False


def _shows_another(field: generic.DictionaryObject, widgets: list[object]) -> bool:
    value = entry(field, "/V")
    if not isinstance(value, generic.NameObject):
        return False
    looks = [entry(one, "/AS", _OFF) for one in widgets if isinstance(one, generic.DictionaryObject) and "/AP" in one]
    if not looks:
        return False
    wrong = any(look not in (value, _OFF) for look in looks)
    return wrong or (value != _OFF and value not in looks)
