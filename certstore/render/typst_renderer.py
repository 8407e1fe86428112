"""Renders licence faces with Typst to PDF/A-3b (ISO 19005-3), metadata attached, byte for byte repeatable.

What people typed reaches Typst as JSON values in `sys.inputs`, never as source text.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson
import typst

from certstore.ports import RenderedFace, SealAnchor
from certstore.render.fonts import Glyphs, packaged_fonts
from certstore.render.guilloche import rosette
from certstore.render.qr import qr_svg
from certstore.render.sandbox import Sandbox, TemplateFault
from core.errors import InvalidInput, Unavailable
from core.text import Text

TEMPLATES = Path(__file__).parent / "templates"
_IMPORT = '#import "common.typ": *\n'
# Where each template leaves room for the seal: on the issuer's name and the date.
ANCHORS: dict[str, SealAnchor] = {
    "certificate": SealAnchor(1, 152.0, 233.0),
    "statement": SealAnchor(1, 152.0, 233.0),
    "permit": SealAnchor(1, 164.0, 104.0),
}


class TypstRenderer:
    """Implements `certstore.ports.Renderer`. Compilers are kept warm and used by one thread at a time.

    Args:
        compilers: how many faces may be set at once.
    """

    def __init__(self, *, compilers: int = 2, glyphs: Glyphs | None = None) -> None:
        self._glyphs = glyphs or Glyphs()
        self._sandbox = Sandbox(self._folders())
        self._font_lock = threading.Lock()
        self._found_fonts: typst.Fonts | None = None
        self._idle: queue.Queue[typst.Compiler | None] = queue.Queue()
        for _ in range(compilers):
            self._idle.put(None)  # made by the first thread that needs it, so that starting up stays quick

    async def pinned(self, template: str) -> str | None:
        return template if template in ANCHORS else None

    async def render(
        self, template: str, face: Mapping[str, object], *, metadata: bytes, qr_text: str, made_at: dt.datetime
    ) -> RenderedFace:
        if template not in ANCHORS:
            raise InvalidInput(
                "template-unknown",
                Text("没有这个版式模板。", "There is no such face template."),
                field="template",
            )
        content = await asyncio.to_thread(self._render, template, dict(face), metadata, qr_text, made_at)
        return RenderedFace(content, ANCHORS[template])

    def _render(
        self, template: str, face: dict[str, object], metadata: bytes, qr_text: str, made_at: dt.datetime
    ) -> bytes:
        inputs = self._inputs(face, ANCHORS[template], metadata, qr_text)
        with self._compiler() as compiler:
            try:
                made = compiler.compile(
                    input=TEMPLATES / f"{template}.typ",
                    format="pdf",
                    sys_inputs=inputs,
                    pdf_standards="a-3b",
                    timestamp=made_at.astimezone(dt.UTC).replace(microsecond=0),
                )
            except typst.TypstError as error:
                # its message may quote the face: only the place in our template is kept
                raise Unavailable(
                    "rendering-failed",
                    Text(
                        "证照版式没有排出来，什么也没有签发。请把请求编号报给管理员。",
                        "The licence face could not be set and nothing was issued. Report the request id to the "
                        "administrator.",
                    ),
                    private=f"template {template}: {len(error.trace)} frames",
                ) from None
        assert isinstance(made, bytes)
        return made

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
        """By a source that nobody here vouches for: in the sandbox (`certstore.templates.ports.FaceSetter`)."""

        def work() -> bytes:
            inputs = self._inputs(dict(face), anchor, metadata, qr_text)
            common = (TEMPLATES / "common.typ").read_text()
            moment = made_at.astimezone(dt.UTC).replace(microsecond=0).isoformat()
            try:
                return self._sandbox.run(f"{common}\n{source}", inputs, made_at=moment, picture=picture)
            except TemplateFault as fault:
                raise TemplateFault(max(0, fault.line - common.count("\n") - 1), fault.message) from None

        return await asyncio.to_thread(work)

    def starting_points(self) -> Mapping[str, tuple[str, SealAnchor]]:
        """The built-in templates; what they import is known to every template anyway."""
        sources = {name: (TEMPLATES / f"{name}.typ").read_text() for name in ANCHORS}
        return {name: (text.replace(_IMPORT, ""), ANCHORS[name]) for name, text in sources.items()}

    def _inputs(self, face: dict[str, object], anchor: SealAnchor, metadata: bytes, qr_text: str) -> dict[str, str]:
        for text in _texts(face):
            self._glyphs.check(text)
        face["seal"] = {"x": anchor.x_mm, "y": anchor.y_mm}
        return {
            "face": orjson.dumps(face).decode(),
            "metadata": metadata.decode(),
            "qr": qr_svg(qr_text),
            "guilloche": rosette(str(face["colour"])),
        }

    def _folders(self) -> list[Path]:
        fallback = self._glyphs.fallback
        return [packaged_fonts(), *([fallback.parent] if fallback else [])]

    def _fonts(self) -> typst.Fonts:
        """Shared by all compilers, so that a font is in memory once."""
        with self._font_lock:
            if self._found_fonts is None:
                self._found_fonts = typst.Fonts(
                    include_system_fonts=False,
                    include_embedded_fonts=False,
                    font_paths=[str(folder) for folder in self._folders()],
                )
            return self._found_fonts

    @contextmanager
    def _compiler(self) -> Iterator[typst.Compiler]:
        compiler = self._idle.get()
        try:
            if compiler is None:
                compiler = typst.Compiler(root=str(TEMPLATES), font_paths=self._fonts())
            yield compiler
        finally:
            self._idle.put(compiler)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
