"""What templates need: a store of their own, and somebody who sets a face by a source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from certstore.ports import SealAnchor
from certstore.templates.model import StoredTemplate
from core.db.database import ReadTx, WriteTx


class TemplateStore(Protocol):
    """Versions of templates; they are added and never changed."""

    async def add(self, tx: WriteTx, template: StoredTemplate) -> bool:
        """False if that version is there already (another administrator was first)."""

    async def template(self, tx: ReadTx, name: str, version: int | None = None) -> StoredTemplate | None:
        """The version asked for, or the newest."""

    async def newest(self, tx: ReadTx, *, limit: int = 200) -> Sequence[StoredTemplate]:
        """The newest version of each, in order of name."""

    async def versions(self, tx: ReadTx, name: str, *, limit: int = 50) -> Sequence[StoredTemplate]:
        """Newest first."""


class FaceSetter(Protocol):
    """Sets a face by a source that nobody here vouches for."""

    async def set_face(
        self,
        source: str,
        anchor: SealAnchor,
        face: Mapping[str, object],
        *,
        metadata: bytes,
        qr_text: str,
        made_at: dt.datetime,
        picture: bool = False,
    ) -> bytes:
        """A PDF/A-3b file, or the first page as PNG; the same input gives the same bytes.

        Raises:
            certstore.render.sandbox.TemplateFault: the template is wrong; the line counts in `source`.
            core.errors.InvalidInput: `glyph-missing`.
            core.errors.Unavailable: the sandbox does not start.
        """

    def starting_points(self) -> Mapping[str, tuple[str, SealAnchor]]:
        """Sources and anchors of the templates that come with the program, by name: to begin from."""
