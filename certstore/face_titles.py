"""What everything on a licence's face is called, in the order of the face."""

from __future__ import annotations

from collections.abc import Mapping

from certstore.model import FIXED_FIELDS, HOLDER_CODE, HOLDER_NAME, NUMBER
from certstore.schema import face_fields, holder_title
from core.text import Text


def face_titles(schema: Mapping[str, object]) -> dict[str, Text]:
    """Titles by name: the holder's, the number's, and the type's own entries."""
    holder = {HOLDER_NAME: holder_title(schema), HOLDER_CODE: FIXED_FIELDS[HOLDER_CODE]}
    own = {one.name: one.title for one in face_fields(schema)}
    return holder | {NUMBER: FIXED_FIELDS[NUMBER]} | own
