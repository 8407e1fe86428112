"""The very copy that an office would get, as its holder sees it before deciding."""

from __future__ import annotations

from starlette.requests import Request

from api.deps import language
from api.routes.pages.seal_pictures import seal_of
from api.web.views.consenting import CopyPreview
from certstore.codes import mask_code
from certstore.consents import ConsentView
from certstore.model import HOLDER_CODE
from core.text import Language


async def copy_preview(request: Request, found: ConsentView) -> CopyPreview | None:
    """Of the first licence that would do; None where the holder has none."""
    if not found.candidates:
        return None
    lang = language(request)
    seal = await seal_of(request, found.licence_type.issuers[0])
    return CopyPreview(found.licence_type.colour.value, _watermark(found, lang), _shown(found, lang), seal)


def _watermark(found: ConsentView, lang: Language) -> tuple[str, ...]:
    who, item = found.requester_name.to(lang), found.item.name.to(lang)
    if lang == "en":
        return (f"Only for {who}", f"for {item}", f"until {found.last_day}")
    return (f"仅供{who}", f"办理{item}", f"{found.last_day} 前有效")


def _shown(found: ConsentView, lang: Language) -> tuple[tuple[str, str], ...]:
    masked = mask_code(found.consent.holder)
    return tuple(
        (row.title.to(lang), masked if row.name == HOLDER_CODE else f"{row.value}{row.unit}")
        for row in found.candidates[0].rows
        if row.value is not None
    )
