"""The contract of `core.blobs.port.BlobStore` at three strengths."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib

import pytest

from core.blobs.port import BlobStore
from core.errors import NotFound, Unavailable
from core.files.reading import LARGE
from core.files.scratch import ScratchFile
from tests.conformance.blobs_backends import BlobsHarness
from tests.conformance.harness import at_once
from tests.support.large_files import laid_out

PDF = b"%PDF-1.7 licence \x00\xff"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class BlobsBasic:
    """One caller at a time."""

    async def test_a_document_is_kept_under_its_digest(self, harness: BlobsHarness) -> None:
        assert await harness.store.put(PDF) == sha256(PDF)
        assert await harness.store.get(sha256(PDF)) == PDF
        assert await harness.store.exists(sha256(PDF)) is True

    async def test_any_size_comes_back_as_it_was(self, harness: BlobsHarness) -> None:
        for content in (b"", b"x", bytes(range(256)) * 20_000):
            assert await harness.store.get(await harness.store.put(content)) == content

    async def test_a_file_on_disk_is_kept_and_given_out_as_one(self, harness: BlobsHarness) -> None:
        content = bytes(range(256)) * (LARGE // 256 + 4096)
        for _ in range(2):
            assert await harness.store.put_file(laid_out(content)) == sha256(content)
        found = await harness.others[0].get_file(sha256(content))
        assert isinstance(found, ScratchFile)
        assert found[:] == content
        assert await harness.names() == [sha256(content)]
        small = await harness.store.put_file(laid_out(PDF))
        assert await harness.store.get(small) == await harness.store.get_file(small) == PDF
        await harness.overwrite(sha256(content), content[:-1] + b"x")
        with pytest.raises(Unavailable) as refused:
            await harness.store.get_file(sha256(content))
        assert refused.value.code == "blob-damaged"
        await harness.store.put_file(laid_out(content))
        found = await harness.store.get_file(sha256(content))
        await harness.store.delete(sha256(content))
        with pytest.raises(NotFound):
            await harness.store.get_file(sha256(content))
        assert found[:] == content  # whoever has it open reads on

    async def test_the_same_document_twice_is_one(self, harness: BlobsHarness) -> None:
        assert await harness.store.put(PDF) == await harness.store.put(PDF)
        assert await harness.names() == [sha256(PDF)]

    async def test_what_is_not_there_is_not_found(self, harness: BlobsHarness) -> None:
        with pytest.raises(NotFound) as refused:
            await harness.store.get(sha256(b"never put"))
        assert refused.value.code == "blob-not-found"
        assert await harness.store.exists(sha256(b"never put")) is False

    async def test_what_is_no_digest_is_not_found(self, harness: BlobsHarness) -> None:
        digest = await harness.store.put(PDF)
        odd = (
            *("", "../../../../etc/passwd", "/etc/passwd", "a/b", digest[:-1], digest + "0", digest.upper()),
            *(f"{digest}\n", f"./{digest}", f"{digest[:2]}/{digest}", "g" * 64, "\x00" * 64, "０" * 64),
        )
        for name in odd:
            with pytest.raises(NotFound):
                await harness.store.get(name)
            with pytest.raises(NotFound):
                await harness.store.get_file(name)
            assert await harness.store.exists(name) is False

    async def test_damaged_bytes_are_never_given_out(self, harness: BlobsHarness) -> None:
        digest = await harness.store.put(PDF)
        for damage in (PDF[:-1], PDF + b"x", b"", PDF.replace(b"licence", b"forgery")):
            await harness.overwrite(digest, damage)
            with pytest.raises(Unavailable) as refused:
                await harness.store.get(digest)
            assert refused.value.code == "blob-damaged"

    async def test_putting_again_mends_what_was_damaged(self, harness: BlobsHarness) -> None:
        digest = await harness.store.put(PDF)
        await harness.overwrite(digest, b"damage")
        assert await harness.store.put(PDF) == digest
        assert await harness.store.get(digest) == PDF

    async def test_other_workers_see_the_same(self, harness: BlobsHarness) -> None:
        digest = await harness.store.put(PDF)
        assert [await other.get(digest) for other in harness.others] == [PDF] * len(harness.others)

    async def test_a_deleted_document_is_gone_and_only_that_one(self, harness: BlobsHarness) -> None:
        digest, other = await harness.store.put(PDF), await harness.store.put(b"another")
        for _ in range(2):
            await harness.store.delete(digest)
            assert await harness.store.exists(digest) is False
            with pytest.raises(NotFound):
                await harness.store.get(digest)
        assert await harness.store.get(other) == b"another"
        assert await harness.names() == [other]
        for odd in ("", "../../etc/passwd", other[:-1], other.upper(), f"./{other}"):
            await harness.store.delete(odd)
        assert await harness.names() == [other]
        assert await harness.store.put(PDF) == digest
        assert await harness.store.get(digest) == PDF

    async def test_a_store_that_does_not_answer_is_unavailable(self, harness: BlobsHarness) -> None:
        verbs = [("put", PDF), ("get", sha256(PDF)), ("get_file", sha256(PDF)), ("delete", sha256(PDF))]
        for verb, argument in verbs:
            with pytest.raises(Unavailable) as refused:
                await getattr(harness.unreachable, verb)(argument)
            assert refused.value.code == "blobs-unavailable"

    async def test_silence_does_not_mean_absent(self, harness: BlobsHarness) -> None:
        with pytest.raises(Unavailable):
            await harness.unreachable.exists(sha256(PDF))


class BlobsTransaction:
    """A document is there whole or not at all."""

    async def test_a_document_is_there_when_put_returns_and_nothing_else_is(self, harness: BlobsHarness) -> None:
        digests = [await harness.store.put(b"%d" % number * 1000) for number in range(5)]
        assert await harness.names() == sorted(digests)

    async def test_a_put_that_is_given_up_leaves_a_whole_document_or_none(self, harness: BlobsHarness) -> None:
        content = b"x" * 3_000_000
        for wait in (0, 0.001, 0.005):
            putting = asyncio.ensure_future(harness.store.put(content))
            await asyncio.sleep(wait)
            putting.cancel()
            with contextlib.suppress(NotFound):
                assert await harness.others[0].get(sha256(content)) == content
        assert await harness.store.put(content) == sha256(content)
        assert await harness.store.get(sha256(content)) == content


class BlobsContention:
    """Many workers at once, each call delayed by a few milliseconds."""

    async def test_many_put_the_same_and_readers_see_all_or_nothing(self, harness: BlobsHarness) -> None:
        content = b"contended " * 100_000
        workers = harness.slow_workers
        done = asyncio.Event()

        async def read(store: BlobStore) -> set[str]:
            seen = set()
            while not done.is_set():
                try:
                    seen.add("whole" if await store.get(sha256(content)) == content else "torn")
                except NotFound:
                    seen.add("absent")
                await asyncio.sleep(0)
            return seen

        readers = [asyncio.create_task(read(store)) for store in (harness.store, *harness.others)]
        digests = await at_once(*(workers[i % len(workers)].put(content) for i in range(20)))
        done.set()
        seen = set().union(*await asyncio.gather(*readers))
        assert set(digests) == {sha256(content)}
        assert "torn" not in seen
        assert await harness.names() == [sha256(content)]
        assert await harness.store.get(sha256(content)) == content

    async def test_many_put_different_ones_and_none_is_lost(self, harness: BlobsHarness) -> None:
        workers = harness.slow_workers
        contents = [b"document %d" % number for number in range(40)]
        digests = await at_once(*(workers[i % len(workers)].put(content) for i, content in enumerate(contents)))
        assert digests == [sha256(content) for content in contents]
        assert [await harness.store.get(digest) for digest in digests] == contents
