"""Reads a whole archive before anything is written anywhere: every octet is proved, every part summed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from api.backup.errors import ArchiveUnfit
from api.backup.frames import Ended, Event, FrameReader
from api.backup.model import FORMAT, Manifest, Progress, Signature, Silent, What
from api.backup.tables import DOCUMENTS, DOMAIN, KEYS, documents_part
from api.migrations import HEAD
from api.migrations.upgrade import is_known
from keys.archive.container import Header, open_archive, read_header
from keys.archive.errors import ArchiveDamaged
from keys.archive.locks import Openers


@dataclass(frozen=True, slots=True)
class Examined:
    """An archive that is whole."""

    file: Path
    manifest: Manifest
    manifest_octets: bytes
    signature: Signature | None

    @property
    def what(self) -> What:
        return What(self.manifest.what)

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest: the archive's name in the audit log."""
        return hashlib.sha256(self.manifest_octets).hexdigest()


def header_of(file: Path) -> Header:
    """What an archive says about itself without a key.

    Raises:
        ArchiveForeign, ArchiveDamaged: no archive, or none that can be read.
    """
    with file.open("rb") as opened:
        return read_header(opened)


def read_archive(file: Path, openers: Openers, documents_of: dict[str, str]) -> Iterator[Event]:
    """The content from the first part to the end; each piece is proved before it is answered.

    Raises:
        ArchiveForeign, ArchiveLocked, ArchiveDamaged: names the part.
        ShareRefused: a share is wrong.
    """
    with file.open("rb", buffering=1 << 20) as opened:
        _, stream = open_archive(opened, openers)
        yield from FrameReader(stream, documents_of).events()


def examine(file: Path, openers: Openers, documents_of: dict[str, str], progress: Progress | None = None) -> Examined:
    """Read all of it.

    Raises:
        ArchiveForeign, ArchiveLocked, ArchiveDamaged, ShareRefused: as `read_archive`.
        ArchiveUnfit: whole, but made by a newer version, or a document that its rows name is not in it.
    """
    progress = progress or Silent()
    progress.begin(f"examining {file.name}", None)
    end: Ended | None = None
    for event in read_archive(file, openers, documents_of):
        progress.advance(1)
        if isinstance(event, Ended):
            end = event
    if end is None:
        raise ArchiveDamaged("it has no end", "the manifest")
    _check_versions(end.manifest)
    _check_documents(end.manifest, documents_of)
    return Examined(file, end.manifest, end.manifest_octets, end.signature)


def _check_versions(manifest: Manifest) -> None:
    newer = "a newer version of Yizheng made it: restore with that version"
    if manifest.format > FORMAT:
        raise ArchiveUnfit(f"{newer} (content of format {manifest.format}; this version knows {FORMAT})")
    if manifest.what not in set(What):
        raise ArchiveUnfit(f"{newer} (it holds {manifest.what!r})")
    if manifest.revision is not None and not is_known(manifest.revision):
        raise ArchiveUnfit(f"{newer} (its tables are at revision {manifest.revision}; this version knows {HEAD})")


def _check_documents(manifest: Manifest, documents_of: Mapping[str, str]) -> None:
    """Part by part, the documents must be those that the rows name, in the order of the rows."""
    sums = {part.name: part for part in manifest.parts}
    unknown = [name for name in sums if not name.startswith((DOMAIN, KEYS, DOCUMENTS))]
    if unknown:
        raise ArchiveUnfit(f"it has parts that this version does not know: {', '.join(unknown)}")
    if manifest.what == What.JOURNAL:
        return
    for part, column in documents_of.items():
        if part in sums:
            kept = sums.get(documents_part(part.removeprefix(DOMAIN), column))
            if kept is None or kept.names != sums[part].names:
                raise ArchiveUnfit(f"documents that {part} names are not in it")
