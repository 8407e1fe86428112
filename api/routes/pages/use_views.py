"""A view page behind a use code (用证码): a link that opens once, in the browser of whoever may see it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, language
from api.web.forms import read_form
from api.web.render import page
from api.web.views.consenting import UseViewPage
from certstore.use.redeem import ViewedLicence
from core.text import Language

router = APIRouter(include_in_schema=False)


@router.get("/use-view/{token}")
async def closed(request: Request, token: str) -> Response:
    """What the link is. Nothing is opened yet: programs that follow links must not use it up."""
    return page(request, "use_view.html", view=UseViewPage(f"/use-view/{token}"))


@router.post("/use-view/{token}")
async def opened(request: Request, token: str) -> Response:
    """The fields of the use, once."""
    await read_form(request)
    seen = await container(request).certstore.use.redeem.view(token)
    return page(request, "use_view.html", view=_shown(token, seen, language(request)))


def _shown(token: str, seen: ViewedLicence, lang: Language) -> UseViewPage:
    who, item = seen.requester_name.to(lang), seen.item_name.to(lang)
    mark = (f"仅供{who}", f"办理{item}") if lang != "en" else (f"Only for {who}", f"for {item}")
    return UseViewPage(
        action=f"/use-view/{token}",
        title=seen.licence_type.name,
        colour=seen.licence_type.colour.value,
        rows=tuple((row.title.to(lang), f"{row.value}{row.unit}") for row in seen.rows if row.value is not None),
        withheld=tuple(row.title.to(lang) for row in seen.rows if row.value is None),
        watermark=mark,
        issuer=seen.issuer_name,
        identifier=seen.identifier,
        case_number=seen.case_number,
        seen_at=seen.seen_at,
    )
