"""What can go wrong with batches, in words for the caller.

::

    AppError
    ├── InvalidInput
    │   └── ArchiveRefused      a ZIP that cannot, or must not, be unpacked
    ├── NotFound
    │   ├── BatchNotFound
    │   └── BatchFileNotFound
    ├── LimitExceeded
    │   └── batch-full, too-many-batches
    └── Conflict
        ├── BatchMoved          the batch is not where this could be done
        ├── BatchEmpty
        ├── FileNameTaken       another file of the batch has this name
        └── ClaimLost           somebody else decided over the file meanwhile
"""

from __future__ import annotations

from core.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from core.text import Text
from signing.batches.model import MOST_FILES, MOST_LIVING, STATE_NAMES, BatchState, Fault


class ArchiveRefused(InvalidInput):
    """The ZIP cannot be unpacked; the code says why."""

    def __init__(self, code: str, text: Text, *, private: str = "") -> None:
        super().__init__(code, text, field="zip", private=private)


class BatchNotFound(NotFound):
    """No such batch, or none that this caller may see."""

    def __init__(self) -> None:
        super().__init__("batch-not-found", Text("没有这个批次。", "There is no such batch."))


class BatchFileNotFound(NotFound):
    """No such file in the batch, or none that can be had."""

    def __init__(self) -> None:
        super().__init__("batch-file-not-found", Text("批次里没有这个文件。", "The batch has no such file."))


class BatchMoved(Conflict):
    """The batch is in a state in which this cannot be done."""

    def __init__(self, state: BatchState) -> None:
        name = STATE_NAMES[state]
        super().__init__(
            "batch-state",
            Text(
                f"这个批次现在是“{name.zh}”，办不了这一步；可能刚有人办过。请刷新后再看。",
                f"The batch is “{name.en}” now, so this cannot be done; somebody may have been faster. Look again.",
            ),
        )


class BatchEmpty(Conflict):
    """There is nothing to seal."""

    def __init__(self) -> None:
        super().__init__(
            "batch-empty", Text("批次里还没有文件，请先添加。", "The batch has no files yet. Add some first.")
        )


class FileNameTaken(Conflict):
    """Names tell the files of a batch apart."""

    def __init__(self) -> None:
        super().__init__(
            "batch-file-name-taken",
            Text(
                "批次里已有同名的另一个文件。请改名后再添加。",
                "Another file of the batch has this name. Rename it and add it again.",
            ),
        )


class ClaimLost(Conflict):
    """The worker's claim ended, or the batch was cancelled, before the file was entered; nothing was done."""

    def __init__(self) -> None:
        super().__init__(
            "batch-claim-lost",
            Text("这个文件已由别处决定，没有再盖。", "The file was decided over elsewhere; it was not sealed again."),
        )


def batch_full() -> LimitExceeded:
    return LimitExceeded(
        "batch-full",
        Text(
            f"一个批次最多 {MOST_FILES} 个文件、合计 10 GB。请另建一个批次。",
            f"A batch takes {MOST_FILES} files and 10 GB in all. Begin another one.",
        ),
    )


def too_many_batches() -> LimitExceeded:
    return LimitExceeded(
        "too-many-batches",
        Text(
            f"您已有 {MOST_LIVING} 个批次没有办完，请先办完或取消几个。",
            f"{MOST_LIVING} of your batches are not over yet. Finish or cancel some first.",
        ),
    )


def name_invalid() -> InvalidInput:
    return InvalidInput(
        "batch-file-name-invalid",
        Text(
            "文件名应为 1 到 200 个字，不能有控制字符，也不能指向上级文件夹。",
            "A name takes 1 to 200 characters, without control characters, and leads to no folder above.",
        ),
        field="name",
    )


def set_aside() -> Fault:
    """The file's worker never came back from it."""
    return Fault(
        "batch-file-set-aside",
        Text(
            "处理这个文件时多次中断，已搁置，其余文件不受影响。请重新导出后单独盖章，或重试一次。",
            "Work on this file broke off several times, so it was set aside; the others are not affected. "
            "Export it again and seal it alone, or try it once more.",
        ),
    )


def approval_over() -> Fault:
    return Fault(
        "batch-approval-over",
        Text(
            "审批已过期，剩下的文件没有盖。请重新提交审批。",
            "The approval has run out; the rest was not sealed. Ask for it again.",
        ),
    )


def owner_gone() -> Fault:
    return Fault(
        "batch-owner-gone",
        Text(
            "提交批次的人或系统已没有用印资格，剩下的文件没有盖。请联系管理员。",
            "Whoever submitted the batch may not use seals any more; the rest was not sealed. Ask an administrator.",
        ),
    )
