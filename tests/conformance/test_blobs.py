"""`core.blobs.port.BlobStore` over a folder and S3: the contract, and what only the folder promises."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from core.blobs.filesystem import FilesystemBlobStore
from core.errors import NotFound, Unavailable
from tests.conformance.blobs import PDF, BlobsBasic, BlobsContention, BlobsTransaction, sha256
from tests.conformance.blobs_backends import BACKENDS
from tests.conformance.harness import parametrised


@parametrised(BACKENDS)
class TestBlobsBasic(BlobsBasic):
    pass


@parametrised(BACKENDS)
class TestBlobsTransaction(BlobsTransaction):
    pass


@parametrised(BACKENDS)
class TestBlobsContention(BlobsContention):
    pass


async def test_files_and_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    store = FilesystemBlobStore(tmp_path / "blobs")
    await store.put(PDF)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "blobs").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert stat.S_IMODE((tmp_path / "blobs").stat().st_mode) == 0o700


async def test_a_document_is_forced_to_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(handle: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def noted_replace(old: str, new: Path) -> None:
        steps.append("rename")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    await FilesystemBlobStore(tmp_path / "blobs").put(PDF)
    assert steps[:2] == ["file", "rename"]
    assert set(steps[2:]) == {"folder"}


@pytest.mark.parametrize("failing", ["fsync", "replace"])
async def test_a_disk_that_fails_leaves_nothing_behind(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FilesystemBlobStore(tmp_path / "blobs")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, failing, full)
        with pytest.raises(Unavailable) as refused:
            await store.put(PDF)
    assert refused.value.code == "blobs-unavailable"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with pytest.raises(NotFound):
        await store.get(sha256(PDF))
    assert await store.put(PDF) == sha256(PDF)
