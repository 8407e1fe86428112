"""What a register file or an import can be refused for."""

from __future__ import annotations

from core.errors import Conflict, InvalidInput, NotFound
from core.text import Text


class FileRefused(InvalidInput):
    """The file as a whole cannot be read; nothing of it is kept."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code, Text(zh, en), field="file")


class ImportNotFound(NotFound):
    """There is no such import of the caller's organisation."""

    def __init__(self) -> None:
        super().__init__("import-not-found", Text("没有这次导入。", "There is no such import."))


class ImportMoved(Conflict):
    """Its state does not allow the step."""

    def __init__(self, state: Text) -> None:
        text = Text(
            "这次导入现在是“{state}”，不能这样做。请刷新后再看。", "The import is {state} now. Reload and look again."
        )
        super().__init__("import-state", text.format(state=state))


class ImportChanged(Conflict):
    """A colleague ran it since it was looked at."""

    def __init__(self) -> None:
        super().__init__(
            "import-changed",
            Text(
                "您看过之后，有同事运行过这次导入，结果可能不同，没有重新开始。请看过现在的结果再决定。",
                "A colleague ran this import since you looked at it, and it was not started again. Look at it as it is "
                "now, and decide then.",
            ),
        )


def file_broken(kind: str) -> FileRefused:
    return FileRefused(
        "file-unreadable",
        f"文件不是可读的 {kind}。请核对格式，或另存后再传。",
        f"The file is no readable {kind}. Check its format, or save it anew.",
    )
