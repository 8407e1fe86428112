"""Files that a page hands out."""

from __future__ import annotations

from starlette.responses import Response


def download(content: bytes, name: str, media_type: str = "application/pdf") -> Response:
    """A file to be kept; never shown inside our origin."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    headers = {"Content-Disposition": f'attachment; filename="{plain}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
