"""Renders faces by built-in templates and by stored ones: a stored version always gives the same face."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from certstore.ports import RenderedFace, Renderer
from certstore.render.sandbox import TemplateFault
from certstore.templates.model import StoredTemplate, parse_reference
from certstore.templates.ports import FaceSetter, TemplateStore
from core.db.database import Database
from core.errors import Unavailable
from core.text import Text

_KEPT = 64


class TemplateRenderer:
    """Implements `certstore.ports.Renderer` over the built-in templates and the store."""

    def __init__(self, built_in: Renderer, setter: FaceSetter, database: Database, store: TemplateStore) -> None:
        self._built_in = built_in
        self._setter = setter
        self._database = database
        self._store = store
        self._known: dict[str, StoredTemplate] = {}  # versions never change, so what was read once stays right

    async def pinned(self, template: str) -> str | None:
        found = await self._built_in.pinned(template)
        if found is not None:
            return found
        stored = await self._stored(template)
        return stored.reference if stored else None

    async def render(
        self, template: str, face: Mapping[str, object], *, metadata: bytes, qr_text: str, made_at: dt.datetime
    ) -> RenderedFace:
        stored = None if await self._built_in.pinned(template) else await self._stored(template)
        if stored is None:
            return await self._built_in.render(template, face, metadata=metadata, qr_text=qr_text, made_at=made_at)
        try:
            content = await self._setter.set_face(
                stored.source, stored.anchor, face, metadata=metadata, qr_text=qr_text, made_at=made_at
            )
        except TemplateFault as fault:
            raise _not_set(stored, fault) from None
        return RenderedFace(content, stored.anchor)

    async def _stored(self, reference: str) -> StoredTemplate | None:
        if reference in self._known:
            return self._known[reference]
        named = parse_reference(reference)
        if named is None:
            return None
        name, version = named
        async with self._database.read() as tx:
            found = await self._store.template(tx, name, version)
        if found is not None and version is not None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[reference] = found
        return found


def _not_set(stored: StoredTemplate, fault: TemplateFault) -> Unavailable:
    # the fault's words may quote the face: only the place is kept
    return Unavailable(
        "rendering-failed",
        Text(
            "证照版式没有排出来，什么也没有签发。请把请求编号报给管理员。",
            "The licence face could not be set and nothing was issued. Report the request id to the administrator.",
        ),
        private=f"template {stored.reference}: line {fault.line}",
    )


_: type[Renderer] = TemplateRenderer
