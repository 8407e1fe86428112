"""QR codes (ISO/IEC 18004) as vectors, for the faces of licences."""

from __future__ import annotations

import io

import segno


def qr_svg(text: str) -> str:
    """Dark on nothing, error level M, without a quiet zone of its own: the face leaves the paper free around it."""
    output = io.BytesIO()
    code = segno.make(text, error="m", micro=False, boost_error=False)
    code.save(output, kind="svg", xmldecl=False, svgns=True, border=0, dark="#1d2220", light=None, nl=False)
    return output.getvalue().decode("ascii")
