"""Believable views of the pages of batches."""

from __future__ import annotations

from collections.abc import Mapping

from api.routes.pages.seals.batches import _FILE_MARKS, _MARKS, _mark
from api.web.views.batches import BatchesView, BatchFileRow, BatchNewView, BatchRow, BatchView
from api.web.views.common import Fact, Mark
from api.web.views.seals import SealTabs
from core.text import Text
from signing.batches.errors import set_aside
from signing.batches.model import FILE_STATE_NAMES, STATE_NAMES, BatchState, FileState
from tests.unit.web.page_samples import WRONG

TABS = SealTabs("batches", True, True, 2)
SEAL = Text("公章 4101990000017", "Official seal 4101990000017")
BASE = "/office/batches/batch_1"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_OFFICE = "office"


def mark(state: BatchState) -> Mark:
    return _mark(_MARKS[state], STATE_NAMES[state])


def row(number: int, state: BatchState, files: int, sealed: int, refused: int = 0) -> BatchRow:
    href = f"/office/batches/batch_{number}"
    return BatchRow(href, "2026 年度公租房资格通知", SEAL, mark(state), files, sealed, refused, "2026-11-23 09:12")


def file(number: int, name: str, state: FileState, **more: str) -> BatchFileRow:
    fault = set_aside().text if state is FileState.REFUSED else None
    return BatchFileRow(number, name, _mark(_FILE_MARKS[state], FILE_STATE_NAMES[state]), fault, **more)


FILES = (
    file(1, "通知/示例一.pdf", FileState.SEALED, sealed=f"{BASE}/files/1/sealed"),
    file(2, "通知/示例二-一个很长很长的文件名-2026-11-23-最终版.pdf", FileState.REFUSED, again=f"{BASE}/files/2/retry"),
    file(3, "通知/示例三.pdf", FileState.WAITING, source=f"{BASE}/files/3/source"),
)
FACTS = (
    Fact(Text("印章", "Seal"), SEAL),
    Fact(Text("事由", "What for"), "2026 年度公租房资格通知"),
    Fact(Text("建立时间", "Begun"), "2026-11-23 09:12"),
    Fact(Text("批次号", "Batch"), "batch_01m82ynfm00s38tz8qfzcz42as", True),
)


def batch(state: BatchState, title: Text, **more: object) -> BatchView:
    values: dict[str, object] = {
        "base": BASE,
        "title": title,
        "mark": mark(state),
        "facts": FACTS,
        "files": 2000,
        "settled": 1240,
        "sealed": 1228,
        "refused": 12,
        "waiting": 760,
        "sealed_width": "61.40%",
        "refused_width": "0.60%",
        "rows": FILES,
        "tabs": TABS,
        "next_href": f"{BASE}?cursor=x",
    }
    return BatchView(**(values | more))  # type: ignore[arg-type]


ADD = (
    file(1, "通知/示例一.pdf", FileState.WAITING, source=f"{BASE}/files/1/source", remove=f"{BASE}/files/1/remove"),
    file(2, "通知/示例二.pdf", FileState.WAITING, source=f"{BASE}/files/2/source", remove=f"{BASE}/files/2/remove"),
)
_EMPTY = {"settled": 0, "sealed": 0, "refused": 0, "sealed_width": "0%", "refused_width": "0%", "next_href": None}
BATCH_SAMPLES: Mapping[str, tuple[str, object, str | None]] = {
    "batches": (
        "batches.html",
        BatchesView(
            (row(7, BatchState.ASKED, 320, 0),),
            (row(3, BatchState.RUNNING, 2000, 1228, 12), row(2, BatchState.DONE, 84, 84)),
            True,
            TABS,
            "/office/batches",
            "/office/batches?cursor=x",
        ),
        _OFFICE,
    ),
    "batches-none": ("batches.html", BatchesView((), (), True, SealTabs("batches", False, True)), _OFFICE),
    "batch-new": (
        "batch_new.html",
        BatchNewView(
            (("seal_1", Text("公章 4101990000017", "Official seal 4101990000017")),),
            {"reason": "年度通知", "mode": "words"},
            100,
            50,
            WRONG,
        ),
        _OFFICE,
    ),
    "batch-collecting": (
        "batch.html",
        batch(
            BatchState.COLLECTING,
            Text("2 份文件待盖章", "2 files to seal"),
            **_EMPTY | {"files": 2, "waiting": 2, "rows": ADD, "steps": frozenset({"add", "start", "cancel"})},
        ),
        _OFFICE,
    ),
    "batch-running": (
        "batch.html",
        batch(
            BatchState.RUNNING,
            Text("已办 1240 份，共 2000 份", "1240 of 2000 done"),
            steps=frozenset({"cancel", "fetch"}),
            again=BASE,
            delayed="2026-11-23 09:20",
        ),
        _OFFICE,
    ),
    "batch-halted": (
        "batch.html",
        batch(
            BatchState.HALTED,
            Text("已办 1240 份，共 2000 份", "1240 of 2000 done"),
            steps=frozenset({"resume", "retry", "cancel", "fetch"}),
            halted=Text("没盖成：这枚印章已停用或注销，文件没有改动。", "Not sealed: this seal is suspended."),
            only_refused=True,
            error=WRONG,
        ),
        _OFFICE,
    ),
    "batch-asked": (
        "batch.html",
        batch(
            BatchState.ASKED,
            Text("320 份文件待盖章", "320 files to seal"),
            **_EMPTY | {"files": 320, "waiting": 320, "rows": FILES[2:], "may_decide": True, "digest": DIGEST},
        ),
        _OFFICE,
    ),
}
