"""Why a backup or a restore did not happen.

::

    AppError
    ├── RestoreRefused     the archive must not, or cannot, be restored here; nothing was changed   (Conflict)
    ├── ArchiveUnfit       the archive is whole, and what is in it does not fit together            (InvalidInput)
    └── BackupBusy         another backup writes into the same folder                               (Unavailable)
"""

from __future__ import annotations

from core.errors import Conflict, InvalidInput, Unavailable
from core.text import Text


class RestoreRefused(Conflict):
    """The archive must not be restored here; `private` says why and what to do."""

    def __init__(self, private: str) -> None:
        text = Text("无法恢复到这里，未作任何更改。", "It cannot be restored here, and nothing was changed.")
        super().__init__("restore-refused", text, private=private)


class ArchiveUnfit(InvalidInput):
    """What the archive holds does not fit together, or not with this program."""

    def __init__(self, private: str) -> None:
        text = Text("备份内容不适合恢复。", "The content of the archive cannot be restored.")
        super().__init__("archive-unfit", text, private=private)


class BackupBusy(Unavailable):
    """Another backup or drill is at work in the same folder."""

    def __init__(self, folder: str) -> None:
        text = Text("另一个备份正在进行，请稍后再试。", "Another backup is being made; try again when it is done.")
        super().__init__("backup-busy", text, private=folder)
