"""Writes one archive: sealed, its manifest signed, on the disk before it has a name."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from api.backup.folder import BackupFolder, archive_name
from api.backup.frames import FrameWriter
from api.backup.model import Manifest, What
from api.backup.ports import ManifestSigner
from keys.archive.container import create_archive
from keys.archive.locks import Lock

Fill = Callable[[FrameWriter], Awaitable[Manifest]]


@dataclass(frozen=True, slots=True)
class Written:
    """An archive that is on the disk."""

    file: Path
    manifest: Manifest
    digest: str  # SHA-256 of the manifest, as audit events name the archive
    octets: int


async def write_archive(
    folder: BackupFolder,
    id: str,
    what: What,
    point: dt.datetime,
    locks: Sequence[Lock],
    fill: Fill,
    signer: ManifestSigner,
) -> Written:
    """
    Args:
        fill: writes the parts; answers the manifest, to which the sums of the parts are added here.
    """
    await signer.prepare()
    name = archive_name(what, point, id)
    with folder.draft(name) as file:
        stream = create_archive(file, {"id": id, "kind": what.value, "made_at": point.isoformat()}, locks)
        frames = FrameWriter(stream)
        manifest = msgspec.structs.replace(await fill(frames), parts=frames.sums)
        octets = msgspec.json.encode(manifest)
        frames.finish(octets, await signer.sign(octets))
        stream.close()
        size = file.tell()
    return Written(folder.path / name, manifest, hashlib.sha256(octets).hexdigest(), size)
