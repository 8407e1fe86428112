"""Style sheets, scripts and pictures under an address that names their content, so that they never go stale."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=60"  # an address of another release, met while one is being rolled out
_VERSION_LENGTH = 12


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, held in memory: the whole set is well under a megabyte."""

    content: bytes
    zipped: bytes
    media_type: str


@cache
def static_files() -> dict[str, StaticFile]:
    """All static files by their path below `static/`."""
    files = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix in _TYPES:
            content = path.read_bytes()
            zipped = gzip.compress(content, 9, mtime=0)
            files[path.relative_to(FOLDER).as_posix()] = StaticFile(content, zipped, _TYPES[path.suffix])
    return files


@cache
def static_version() -> str:
    """A digest over every file's name and content: one changed byte gives all of them a new address.

    One version for the set, instead of one for each file, lets style sheets name pictures by relative address.
    """
    digest = hashlib.sha256()
    for name, file in static_files().items():
        digest.update(f"{name}:{len(file.content)}:".encode())
        digest.update(file.content)
    return digest.hexdigest()[:_VERSION_LENGTH]


def asset(name: str) -> str:
    """The address of a static file, e.g. `css/ground.css`.

    Raises:
        KeyError: there is no such file; a page that names one is wrong.
    """
    if name not in static_files():
        raise KeyError(name)
    return f"/static/{static_version()}/{name}"


async def serve(request: Request) -> Response:
    """One static file; unchangeable at its own version's address."""
    file = static_files().get(request.path_params["name"])
    if file is None:
        return PlainTextResponse("Not found", 404)
    headers = {
        "Cache-Control": _FOR_EVER if request.path_params["version"] == static_version() else _BRIEFLY,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        # An SVG opened by itself is a document: it may style itself and do nothing else.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    }
    if "gzip" in request.headers.get("accept-encoding", "") and len(file.zipped) < len(file.content):
        return Response(file.zipped, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)


def mount_static(app: FastAPI) -> None:
    """Serve the static files of this package."""
    app.router.routes.append(Route("/static/{version}/{name:path}", serve, methods=["GET", "HEAD"], name="static"))
