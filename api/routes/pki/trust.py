"""Our trust list for others, signed: as JSON of our own and as ETSI TS 119 612 XML; and the certificate to pin."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.idp.hot import add_hot_route
from api.routes.pki.published import CACHED_SECONDS, CERTIFICATE_TYPE, cached
from keys.trust.signed_json import MEDIA_TYPE

router = APIRouter(tags=["pki"])

XML_TYPE = "application/vnd.etsi.tsl+xml"  # TS 119 612 §6.2


async def trust_json(request: Request) -> Response:
    """The list as flattened JWS."""
    return await _answer(request, await container(request).trust.publish.json(), MEDIA_TYPE)


async def trust_xml(request: Request) -> Response:
    """The list as TrustServiceStatusList."""
    return await _answer(request, await container(request).trust.publish.xml(), XML_TYPE)


async def trust_certificate(request: Request) -> Response:
    """The signer's certificate, DER: readers compare its fingerprint in another way, and pin it."""
    return await _answer(request, await container(request).trust.publish.certificate(), CERTIFICATE_TYPE)


async def _answer(request: Request, content: bytes, kind: str) -> Response:
    issued = (await container(request).trust.change.own_list()).issued_at
    return cached(request, content, kind, issued, CACHED_SECONDS)


for _path, _endpoint, _kind, _what in (
    ("/pki/trust.json", trust_json, MEDIA_TYPE, "Trust list, signed JSON"),
    ("/pki/trust.xml", trust_xml, XML_TYPE, "Trust list, ETSI TS 119 612"),
    ("/pki/trust.cer", trust_certificate, CERTIFICATE_TYPE, "Certificate of who signs the trust list"),
):
    _binary = {"schema": {"type": "string", "format": "binary"}}
    add_hot_route(
        router,
        _path,
        _endpoint,
        ["GET"],
        summary=_what,
        openapi_extra={
            "responses": {
                "200": {"description": _what, "content": {_kind: _binary}},
                "304": {"description": "Unchanged since the ETag that was sent."},
            }
        },
    )
