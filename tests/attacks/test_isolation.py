"""S-19, S-58, R-17, R-25: a file that takes over the process that reads it has gained nothing, and hurts no other."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import AppError
from core.files.scratch import FileBytes, Scratch, ScratchFile
from signing.errors import PdfRefused, PlacementInvalid
from signing.isolation.cells import Cells
from signing.isolation.port import CellEnded
from signing.isolation.task import Answer, Task
from signing.verification.facts import FACTS, FileFacts, SignatureFact
from tests.support.cell_tasks import ATTEMPT, ATTEMPTS, COUNT, ENDINGS, REFUSE, WRITE_INTO
from tests.support.in_this_process import InThisProcess
from tests.support.memory import Growth
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_world import FileJudge, press

AUTHORITY = PlainAuthority.make()
SEALED = press(AUTHORITY).seal(pdf())


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    made = Cells(["tests.support.cell_tasks"], processes=1, seconds=lambda _: 4.0, mebibytes=256)
    yield made
    made.close()


@pytest.fixture
def large(tmp_path: Path) -> ScratchFile:
    writer = Scratch(tmp_path).create()
    writer.write(b"%PDF-" + bytes(10_000_000))
    return writer.done()


def test_a_cell_can_open_nothing_and_call_nobody(cells: Cells) -> None:
    told = cells.ask(ATTEMPT, b"")
    assert set(told) == set(ATTEMPTS)
    assert all(result.startswith("refused: ") for result in told.values()), told


def test_twin_the_same_is_possible_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.cell_tasks._own_path", lambda: str(tmp_path))
    before = set(os.listdir("/proc/self/fd"))
    told = InThisProcess().ask(ATTEMPT, b"")
    for handle in set(os.listdir("/proc/self/fd")) - before:
        try:
            os.close(int(handle))
        except OSError:  # of the listing itself, and of sockets that are gone
            continue
    assert set(told.values()) == {"done"}


@pytest.mark.parametrize("why", ENDINGS)
def test_what_ends_a_cell_is_told_and_the_next_file_is_read(cells: Cells, why: str) -> None:
    memory = Growth()
    with pytest.raises(CellEnded) as ended:
        cells.ask(ENDINGS[why], b"a file")
    assert str(ended.value).strip() == ("ended" if why == "crashed" else why)
    assert cells.ask(COUNT, b"the next") == 8
    assert memory.peak() < 64 * 1024  # KiB: nothing of it came here


def test_a_large_file_is_read_where_it_lies_and_cannot_be_changed(cells: Cells, large: ScratchFile) -> None:
    kept = cells.processes
    memory = Growth()
    assert cells.ask(COUNT, large.head(9_000_000)) == 9_000_000
    assert cells.ask(WRITE_INTO, large) is False
    assert large[:5] == b"%PDF-"
    assert memory.peak() < 4 * 1024
    assert cells.processes == kept, "its process ends with it"


def test_a_process_that_was_killed_while_it_waited_is_replaced(cells: Cells) -> None:
    assert cells.ask(COUNT, b"1") == 1
    (process,) = cells.processes
    os.kill(process, signal.SIGKILL)
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    assert cells.ask(COUNT, b"22") == 2
    assert cells.processes != [process]


@pytest.mark.parametrize(("kind", "error"), [("pdf", PdfRefused), ("place", PlacementInvalid)])
def test_refusals_come_out_as_they_were(cells: Cells, kind: str, error: type[AppError]) -> None:
    with pytest.raises(error) as refused:
        cells.ask(REFUSE, b"", kind)
    assert (refused.value.code, refused.value.text.zh) == ({"pdf": "pdf-odd", "place": "placement-odd"}[kind], "不行")
    assert cells.ask(COUNT, b"1") == 1


class Lies(InThisProcess):
    """A cell that was taken over: it says of every file what is true of the genuine one, or what it was told to."""

    def __init__(self, facts: FileFacts | None = None) -> None:
        self._facts = facts

    def ask(self, task: Task[Answer], content: FileBytes, *arguments: object) -> Answer:
        facts = self._facts or super().ask(FACTS, SEALED)
        return super().ask(replace(task, work=lambda *_: facts), content)


async def test_a_cell_that_lies_cannot_make_a_signature() -> None:
    judge = FileJudge(AUTHORITY, cells=Lies())
    assert (await judge(SEALED)).conclusion == "genuine"  # the twin: here it is true
    changed = SEALED.replace(b"housing", b"parking", 1)
    assert changed != SEALED
    assert (await judge(changed)).conclusion == "changed"
    assert (await judge(pdf())).conclusion == "undecided"
    assert (await judge(press(PlainAuthority.make()).seal(pdf()))).conclusion != "genuine"


@pytest.mark.parametrize(
    "offset", [0, 17, len(SEALED) - 1, len(SEALED) + 5, 1 << 62], ids=["start", "within", "end", "behind", "far"]
)
async def test_places_that_a_lying_cell_makes_up_are_nowhere(offset: int) -> None:
    facts = FileFacts("read", True, 2, (SignatureFact("Signature1", offset, (), "PAdES-B-B", revision=1),))
    assert (await FileJudge(AUTHORITY, cells=Lies(facts))(SEALED)).conclusion == "undecided"
