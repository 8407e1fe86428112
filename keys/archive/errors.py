"""What can be wrong with an archive.

::

    KeysError
    ├── ArchiveDamaged     bytes are missing, changed or in the wrong place   (InvalidInput)
    ├── ArchiveForeign     not an archive of ours, or of a newer version      (InvalidInput)
    ├── ArchiveLocked      none of the keys that were given opens it          (NotPermitted)
    └── PassphraseRefused  too short to keep anything safe                    (InvalidInput)
"""

from __future__ import annotations

from core.errors import InvalidInput, NotPermitted
from core.text import Text
from keys.errors import KeysError


class ArchiveDamaged(KeysError, InvalidInput):
    """The archive is not what was written.

    Attributes:
        fault: what was found, in a few words.
        part: the part in which it was found, where that is known.
    """

    def __init__(self, fault: str, part: str = "") -> None:
        text = Text(
            "备份文件已损坏，未恢复任何内容，请改用另一份副本。",
            "The archive is damaged and nothing was restored from it; take another copy.",
        )
        super().__init__("archive-damaged", text, private=f"in {part}: {fault}" if part else fault)
        self.fault = fault
        self.part = part


class ArchiveForeign(KeysError, InvalidInput):
    """Not an archive that this program can read; `private` says why."""

    def __init__(self, private: str) -> None:
        text = Text("无法识别这个备份文件。", "This file is no archive that this version can read.")
        super().__init__("archive-foreign", text, private=private)


class ArchiveLocked(KeysError, NotPermitted):
    """None of the keys that were given opens the archive; `private` says which would."""

    def __init__(self, private: str) -> None:
        text = Text("备份文件无法解锁。", "The archive does not open with what was given.")
        super().__init__("archive-locked", text, private=private)


class PassphraseRefused(KeysError, InvalidInput):
    """A passphrase that is too short."""

    def __init__(self, shortest: int) -> None:
        text = Text(f"口令至少需要 {shortest} 个字符。", f"Take a passphrase of at least {shortest} characters.")
        super().__init__("passphrase-refused", text)
