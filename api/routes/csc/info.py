"""`info`: what this service offers to signing software (CSC API v2 §11.1)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request

from api.deps import container, language
from api.routes.csc.answers import CscRoute
from api.web.static_files import asset
from signing.csc.names import OFFERED

router = APIRouter(prefix="/csc/v2", tags=["csc"], route_class=CscRoute)
METHODS = (
    "info",
    "credentials/list",
    "credentials/info",
    "credentials/authorize",
    "credentials/extendTransaction",
    "signatures/signHash",
    "signatures/signDoc",
    "signatures/timestamp",
)


class InfoWish(BaseModel):
    """`lang` as RFC 5646 names languages."""

    lang: str | None = Field(default=None, max_length=35)


@router.get("/info")
@router.post("/info")
async def info(request: Request, body: InfoWish | None = None) -> dict[str, Any]:
    """What is offered, and where one logs in. Open to everyone."""
    settings = container(request).ground.settings
    lang = language(request) if body is None or body.lang is None else "en" if body.lang[:2].lower() == "en" else "zh"
    return {
        "specs": "2.0.0.2",
        "name": settings.operator_name.to(lang),
        "logo": settings.issuer + asset("img/mark.svg"),
        "region": "CN",
        "lang": "en" if lang == "en" else "zh-CN",
        "description": "一证：电子印章" if lang == "zh" else "Yizheng: official e-seals",
        "authType": ["oauth2code", "oauth2client"],
        "oauth2Issuer": settings.issuer,
        "asynchronousOperationMode": False,
        "validationInfo": False,
        "methods": list(METHODS),
        "signAlgorithms": {"algos": list(OFFERED)},
        "signature_formats": {"formats": ["P"], "envelope_properties": [["Revision", "Certification"]]},
        "conformance_levels": ["AdES-B-B", "AdES-B-T", "AdES-B-LT", "AdES-B-LTA"],
    }
