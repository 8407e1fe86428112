"""The content of an archive: parts one after another, each with its sum, and at the end the manifest and a signature.

A frame is one octet of kind, four of length, and the body. Parts are streams of frames, so nothing is ever held whole
but one page of rows or one document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from api.backup.columns import ColumnForm
from api.backup.model import Manifest, PartSum, Signature
from core.blobs.digest import digest_of, is_digest
from keys.archive.errors import ArchiveDamaged
from keys.secrets.vault import digest_in

_BEGIN, _ROWS, _DOCUMENT, _LOST, _END, _MANIFEST, _SIGNATURE = b"PRDLEMS"
_HEAD = 5
_LARGEST = 1 << 30
_DIGEST = 64

_packed = msgspec.msgpack.Encoder().encode


class Sink(Protocol):
    def write(self, data: bytes) -> None: ...


class Source(Protocol):
    def read(self, size: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class PartBegan:
    """`columns` is empty for documents."""

    name: str
    columns: Sequence[ColumnForm]


@dataclass(frozen=True, slots=True)
class Rows:
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Document:
    """`content` is None for one that was lost when the backup was made."""

    digest: str
    content: bytes | None


@dataclass(frozen=True, slots=True)
class PartEnded:
    sum: PartSum


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of the archive. The signature is over `manifest_octets`."""

    manifest: Manifest
    manifest_octets: bytes
    signature: Signature | None


Event = PartBegan | Rows | Document | PartEnded | Ended


class _Running:
    """The sums of the part that is being written or read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = self.octets = 0
        self._body = hashlib.sha256()
        self._names = hashlib.sha256()
        self._named = False

    def add(self, kind: int, body: bytes, count: int) -> None:
        self._body.update(bytes([kind]) + len(body).to_bytes(4, "big"))
        self._body.update(body)
        self.count += count
        self.octets += len(body)

    def name_document(self, digest: str) -> None:
        self._named = True
        self._names.update(digest.encode())

    def sum(self) -> PartSum:
        names = self._names.hexdigest() if self._named else ""
        return PartSum(self.name, self.count, self.octets, self._body.hexdigest(), names)


def document_name(address: str) -> str:
    """The digest by which an archive knows the document of an address; of an address that is none, one of its own."""
    digest = digest_in(address)
    return digest if is_digest(digest) else digest_of(address.encode("utf-8", "surrogatepass"))


class FrameWriter:
    """Writes parts, then the end."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._part: _Running | None = None
        self.sums: list[PartSum] = []

    def begin(self, name: str, columns: Sequence[ColumnForm] = ()) -> None:
        assert self._part is None, "the part before must end first"
        self._part = _Running(name)
        self._put(_BEGIN, _packed((name, tuple(columns))), 0)

    def rows(self, rows: Sequence[Sequence[Any]]) -> None:
        self._put(_ROWS, _packed(rows), len(rows))

    def names(self, digest: str) -> None:
        """A row that was just written names this document."""
        assert self._part is not None
        self._part.name_document(digest)

    def document(self, digest: str, content: bytes | None) -> None:
        kind = _LOST if content is None else _DOCUMENT
        self._put(kind, digest.encode("ascii") + (content or b""), 1)
        self.names(digest)

    def end(self) -> None:
        assert self._part is not None
        self.sums.append(self._part.sum())
        self._part = None
        self._frame(_END, msgspec.json.encode(self.sums[-1]))

    def finish(self, manifest: bytes, signature: Signature | None) -> None:
        self._frame(_MANIFEST, manifest)
        self._frame(_SIGNATURE, _packed(signature))

    def _put(self, kind: int, body: bytes, count: int) -> None:
        assert self._part is not None, "begin a part first"
        self._part.add(kind, body, count)
        self._frame(kind, body)

    def _frame(self, kind: int, body: bytes) -> None:
        self._sink.write(bytes([kind]) + len(body).to_bytes(4, "big"))
        self._sink.write(body)


class FrameReader:
    """Reads an archive's content from the first part to the end, and checks every sum on the way.

    Args:
        documents_of: columns that hold addresses of documents, by the name of their part: from the archive's own rows
            follows which documents must be in it.
    """

    def __init__(self, source: Source, documents_of: dict[str, str]) -> None:
        self._source = source
        self._documents_of = documents_of
        self._part: _Running | None = None
        self._naming: int | None = None
        self.sums: list[PartSum] = []
        self.place = "the first part"

    def events(self) -> Iterator[Event]:
        """
        Raises:
            ArchiveDamaged: names the part.
        """
        while True:
            try:
                event = self._event()
            except ArchiveDamaged as error:
                raise ArchiveDamaged(error.fault, error.part or self.place) from None
            except (msgspec.MsgspecError, UnicodeDecodeError, IndexError, TypeError):
                raise ArchiveDamaged("it cannot be read", self.place) from None
            yield event
            if isinstance(event, Ended):
                return

    def _event(self) -> Event:
        kind, body = self._frame()
        if kind == _MANIFEST and self._part is None:
            return self._end(body)
        if kind == _BEGIN and self._part is None:
            return self._begin(body)
        if self._part is None or kind not in (_ROWS, _DOCUMENT, _LOST, _END):
            raise ArchiveDamaged("its frames are in no possible order")
        if kind == _END:
            return self._end_part(self._part, body)
        if kind == _ROWS:
            rows = msgspec.msgpack.decode(body, type=list[list[Any]])
            self._part.add(kind, body, len(rows))
            if self._naming is not None:
                for row in rows:
                    if row[self._naming] is not None:
                        self._part.name_document(document_name(row[self._naming]))
            return Rows(rows)
        return self._document(self._part, kind, body)

    def _begin(self, body: bytes) -> PartBegan:
        name, columns = msgspec.msgpack.decode(body, type=tuple[str, tuple[ColumnForm, ...]])
        self.place = f"part {name}"
        self._part = _Running(name)
        self._part.add(_BEGIN, body, 0)
        named = self._documents_of.get(name)
        self._naming = next((place for place, form in enumerate(columns) if form.name == named), None)
        return PartBegan(name, columns)

    def _document(self, part: _Running, kind: int, body: bytes) -> Document:
        digest = body[:_DIGEST].decode("ascii")
        content = body[_DIGEST:] if kind == _DOCUMENT else None
        if not is_digest(digest) or (content is not None and digest_of(content) != digest):
            raise ArchiveDamaged("a document is not what its name says")
        part.add(kind, body, 1)
        part.name_document(digest)
        return Document(digest, content)

    def _end_part(self, part: _Running, body: bytes) -> PartEnded:
        if msgspec.json.decode(body, type=PartSum) != part.sum():
            raise ArchiveDamaged("its sum does not fit")
        self.sums.append(part.sum())
        self._part = None
        self.place = f"the place behind part {part.name}"
        return PartEnded(part.sum())

    def _end(self, body: bytes) -> Ended:
        self.place = "the manifest"
        manifest = msgspec.json.decode(body, type=Manifest)
        if list(manifest.parts) != self.sums:
            raise ArchiveDamaged("it lists other parts than there are")
        kind, signed = self._frame()
        if kind != _SIGNATURE or self._source.read(1):
            raise ArchiveDamaged("something else than a signature follows it")
        return Ended(manifest, body, msgspec.msgpack.decode(signed, type=Signature | None))

    def _frame(self) -> tuple[int, bytes]:
        head = self._source.read(_HEAD)
        if len(head) != _HEAD:
            raise ArchiveDamaged("it ends too early")
        size = int.from_bytes(head[1:], "big")
        if size > _LARGEST:
            raise ArchiveDamaged("a frame of impossible length")
        body = self._source.read(size)
        if len(body) != size:
            raise ArchiveDamaged("it ends too early")
        return head[0], body
