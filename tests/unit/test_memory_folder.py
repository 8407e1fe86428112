"""The folder in memory that all tests write to."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.support import memory_folder as place


def test_all_temporary_files_go_there_and_it_goes_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "NEEDED", 0)
    before = tempfile.gettempdir()
    with place.memory_folder(tmp_path) as folder:
        assert folder is not None
        assert Path(tempfile.mkdtemp()).parent == folder
    assert tempfile.gettempdir() == before
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_taken_away_and_a_running_ones_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "NEEDED", 0)
    (tmp_path / f"yizheng-tests-{2**22 + 1}").mkdir()  # no process has so high a number
    (tmp_path / f"yizheng-tests-{os.getppid()}").mkdir()
    with place.memory_folder(tmp_path):
        pass
    assert [left.name for left in tmp_path.iterdir()] == [f"yizheng-tests-{os.getppid()}"]


def test_where_there_is_too_little_memory_the_disk_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "NEEDED", 2**62)
    with place.memory_folder(tmp_path) as folder:
        assert folder is None
        assert list(tmp_path.iterdir()) == []
