"""QR codes (ISO/IEC 18004) for screens: dark on white in both themes, with their quiet zone."""

from __future__ import annotations

import io

import segno

_QUIET = 4  # modules, ISO/IEC 18004 §9.1


def qr_svg(text: str) -> str:
    """Error level M; scales without blur."""
    output = io.BytesIO()
    code = segno.make(text, error="m", micro=False, boost_error=False)
    code.save(
        output, kind="svg", xmldecl=False, border=_QUIET, dark="#101512", light="#ffffff", omitsize=True, nl=False
    )
    return output.getvalue().decode("ascii")
