"""What ends a ceremony or refuses what was brought to it. No text ever holds a share or a key.

::

    CeremonyError
    ├── CeremonyStopped    somebody said no, or a person gave up      (NotPermitted)
    └── CeremonyRefused    a file, a name or a number that is wrong   (InvalidInput)
"""

from __future__ import annotations

from core.errors import InvalidInput, NotPermitted
from core.text import Text
from keys.errors import KeysError


class CeremonyError(KeysError):
    """Root of the errors of a ceremony."""


class CeremonyStopped(CeremonyError, NotPermitted):
    """The ceremony ended before its end; nothing was written."""

    def __init__(self, text: Text) -> None:
        super().__init__("ceremony-stopped", text)


class CeremonyRefused(CeremonyError, InvalidInput):
    """What was brought cannot be used; the text says what is wrong with it."""

    def __init__(self, text: Text) -> None:
        super().__init__("ceremony-refused", text)
