"""The drill: the newest backup is restored into a folder of its own, looked at, and removed. The live stores stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

from api.backup.errors import RestoreRefused
from api.backup.folder import BackupFolder
from api.backup.model import Progress, RestoreReport, What
from api.backup.ports import Sources, Target
from api.backup.recording import recorded
from api.backup.restore import RestoreBackup
from core.ids import new_id
from keys.archive.locks import Openers
from keys.archive.runs import Run, RunKind, RunState

Scratch = Callable[[Path], AbstractAsyncContextManager[Target]]


class DrillRestore:
    """The use case; audited, and remembered as a run.

    Args:
        scratch: opens empty stores in a folder.
    """

    def __init__(
        self,
        sources: Sources,
        folder: BackupFolder,
        scratch: Scratch,
        openers: Openers,
        progress: Progress | None = None,
    ) -> None:
        self._sources = sources
        self._folder = folder
        self._scratch = scratch
        self._openers = openers
        self._progress = progress

    async def __call__(self, files: Sequence[Path] = ()) -> RestoreReport:
        """
        Args:
            files: the archives to try; none for the newest.

        Raises:
            RestoreRefused: there is no backup.
            core.errors.AppError: the backup cannot be restored.
        """
        sources, now = self._sources, self._sources.clock.now()
        run = Run(new_id(sources.clock, "drl"), RunKind.DRILL, What.ALL.value, RunState.RUNNING, now)
        with self._folder.alone():
            async with recorded(sources.database, sources.runs, sources.clock, run) as outcome:
                chosen = list(files) or newest(self._folder)
                with self._folder.scratch() as place:
                    async with self._scratch(place) as target:
                        report = await RestoreBackup(target, self._openers, self._progress)(chosen)
                faults = ", ".join(name for name, held in report.checks.items() if held is False)
                outcome.run = replace(
                    run,
                    what=report.what,
                    state=RunState.DONE if report.good else RunState.FAULTY,
                    archive=report.archives[0],
                    point=report.point,
                    rows=report.rows,
                    note=f"did not hold: {faults}" if faults else None,
                )
                outcome.detail = {"seconds": round(report.seconds), "rows": report.rows, "good": report.good}
        return report


def newest(folder: BackupFolder) -> list[Path]:
    """The archives that a restore would begin with: the newest data, and the newest keys if those are apart.

    Raises:
        RestoreRefused: there is no backup.
    """
    data = folder.archives(What.ALL, What.DATA)
    if not data:
        raise RestoreRefused(f"there is no backup in {folder.path}: make one with `yizheng backup`")
    if data[0].name.split("-")[1] == What.ALL.value:
        return data[:1]
    return [*folder.archives(What.KEYS)[:1], data[0]]
