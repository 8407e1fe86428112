"""Document stores broken on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.blobs.filesystem import FilesystemBlobStore
from core.errors import AppError, NotFound, Unavailable
from core.files.reading import LARGE
from core.files.scratch import FileBytes, ScratchFile
from core.text import Text
from tests.conformance.blobs import BlobsBasic, BlobsContention, BlobsTransaction, sha256
from tests.conformance.blobs_backends import BlobsHarness, filesystem
from tests.conformance.harness import DELAY, Surroundings, failing
from tests.support.clock import FakeClock
from tests.support.large_files import laid_out

CONTRACT = [BlobsBasic, BlobsTransaction, BlobsContention]


class Broken(FilesystemBlobStore):
    """A good store; subclasses spoil one thing."""

    async def _raw(self, digest: str) -> bytes:
        try:
            return self._place(digest).read_bytes()
        except (OSError, ValueError):
            raise NotFound("blob-not-found", Text("", "")) from None


class DoesNotVerify(Broken):
    async def get(self, digest: str) -> bytes:
        await super().exists(digest)
        return await self._raw(digest)


class FollowsPaths(Broken):
    async def exists(self, digest: str) -> bool:
        return (self._root / digest).exists() or await super().exists(digest)


class MinglesCase(Broken):
    async def get(self, digest: str) -> bytes:
        return await super().get(digest.lower())


class NamesByAnotherHash(Broken):
    async def put(self, content: bytes) -> str:
        await super().put(content)
        return hashlib.blake2s(content).hexdigest()


class CutsLongOnes(Broken):
    async def put(self, content: bytes) -> str:
        await super().put(content[:1_000_000])
        return sha256(content)


class DropsEmptyOnes(Broken):
    async def put(self, content: bytes) -> str:
        return await super().put(content) if content else sha256(content)


class WritesInPlace(Broken):
    async def put(self, content: bytes) -> str:
        place = self._place(sha256(content))
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            for start in range(0, len(content), max(len(content) // 4, 1)):
                file.write(content[start : start + max(len(content) // 4, 1)])
                file.flush()
                await asyncio.sleep(DELAY)
        return sha256(content)


class LeavesTemporaryFiles(Broken):
    async def put(self, content: bytes) -> str:
        digest = await super().put(content)
        (self._root / f"{digest}.tmp").touch()
        return digest


class TrustsWhatIsThere(Broken):
    async def put(self, content: bytes) -> str:
        return sha256(content) if await self.exists(sha256(content)) else await super().put(content)


class AnswersBeforeItWrites(Broken):
    async def put(self, content: bytes) -> str:
        self._later = asyncio.ensure_future(super().put(content))
        return sha256(content)


class SaysAlwaysThere(Broken):
    async def exists(self, digest: str) -> bool:
        return True


class SilenceMeansAbsent(Broken):
    async def exists(self, digest: str) -> bool:
        try:
            return await super().exists(digest)
        except Unavailable:
            return False


class GivesFilesOutUnseen(Broken):
    async def get_file(self, digest: str) -> FileBytes:
        await super().exists(digest)
        return laid_out(await self._raw(digest))


class CutsFilesShort(Broken):
    async def put_file(self, content: ScratchFile) -> str:
        await super().put_file(content.head(LARGE))
        return content.hashed("sha256").hexdigest()


class DamageMeansAbsent(Broken):
    async def get(self, digest: str) -> bytes:
        try:
            return await super().get(digest)
        except AppError:
            raise NotFound("blob-not-found", Text("", "")) from None


@pytest.mark.parametrize(
    ("broken", "caught_by"),
    [
        (DoesNotVerify, "test_damaged_bytes_are_never_given_out"),
        (FollowsPaths, "test_what_is_no_digest_is_not_found"),
        (MinglesCase, "test_what_is_no_digest_is_not_found"),
        (NamesByAnotherHash, "test_a_document_is_kept_under_its_digest"),
        (CutsLongOnes, "test_any_size_comes_back_as_it_was"),
        (DropsEmptyOnes, "test_any_size_comes_back_as_it_was"),
        (WritesInPlace, "test_many_put_the_same_and_readers_see_all_or_nothing"),
        (WritesInPlace, "test_a_put_that_is_given_up_leaves_a_whole_document_or_none"),
        (LeavesTemporaryFiles, "test_a_document_is_there_when_put_returns_and_nothing_else_is"),
        (TrustsWhatIsThere, "test_putting_again_mends_what_was_damaged"),
        (AnswersBeforeItWrites, "test_a_document_is_kept_under_its_digest"),
        (SaysAlwaysThere, "test_what_is_not_there_is_not_found"),
        (SilenceMeansAbsent, "test_silence_does_not_mean_absent"),
        (GivesFilesOutUnseen, "test_a_file_on_disk_is_kept_and_given_out_as_one"),
        (CutsFilesShort, "test_a_file_on_disk_is_kept_and_given_out_as_one"),
        (DamageMeansAbsent, "test_damaged_bytes_are_never_given_out"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_the_contract_catches(broken: type[Broken], caught_by: str, tmp_path: Path) -> None:
    assert await failing(CONTRACT, lambda: _opened(tmp_path, broken), only=caught_by) == {caught_by}


async def test_the_good_store_passes_in_the_same_frame(tmp_path: Path) -> None:
    """The legitimate twin: what is caught above is the fault, not the frame."""
    assert await failing(CONTRACT, lambda: _opened(tmp_path, Broken)) == set()


@asynccontextmanager
async def _opened(folder: Path, broken: type[Broken]) -> AsyncIterator[BlobsHarness]:
    place = folder / str(len(list(folder.iterdir())))
    place.mkdir()
    async with filesystem(Surroundings(place, FakeClock())) as good:
        one, *others = (broken(place / "blobs") for _ in range(3))
        yield replace(good, store=one, others=others, unreachable=broken(place / "a-file"))
