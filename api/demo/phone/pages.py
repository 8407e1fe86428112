"""The page on which the demo city's people read their messages, and the address of the stand-in gateway.

The gateway judges requests as a real one would: RFC 9421 (HTTP Message Signatures), RFC 9530 (Content-Digest).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.demo.city import PEOPLE
from api.deps import container
from api.settings import Settings
from api.web.render import page
from api.wiring.messages import read_message_key
from core.http_signature import is_signed
from idp.messages.ports import Address, AddressKind, Letter
from idp.messages.stand_in import KeptMessage, StandInGateway

GATEWAY = "/demo/gateway/messages"
_CODE = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])", re.ASCII)


class _Sent(msgspec.Struct, frozen=True):
    """The body of a request to the gateway."""

    id: str
    channel: AddressKind
    to: str
    text: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class PhoneRow:
    """A message; `owner` is empty for a number of nobody in the demo city."""

    message: KeptMessage = field(repr=False)
    owner: str
    code: str


@dataclass(frozen=True, slots=True)
class PhoneView:
    """`/demo/phone`: the newest first."""

    rows: tuple[PhoneRow, ...]


class PhonePages:
    """The routes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route("/demo/phone", self.phone, methods=["GET"])
        if settings.messages_key_file is not None:
            self.router.add_api_route(GATEWAY, self.take, methods=["POST"])

    async def phone(self, request: Request) -> Response:
        """What has come."""
        owners = {one.phone: one.name for one in PEOPLE} | {one.email: one.name for one in PEOPLE}
        rows = [PhoneRow(one, owners.get(one.to, ""), _code_in(one.text)) for one in await _gateway(request).read()]
        return page(request, "phone.html", view=PhoneView(tuple(rows)))

    async def take(self, request: Request) -> Response:
        """A message from whoever shares the key."""
        ground, body = container(request).ground, await request.body()
        assert self._settings.messages_key_file is not None, "there is no such address without it"
        keys = {self._settings.messages_key_id: read_message_key(self._settings.messages_key_file)}
        url, headers = f"{self._settings.issuer}{GATEWAY}", dict(request.headers)
        if not is_signed("POST", url, body, headers, keys=keys, now=ground.clock.now()):
            return JSONResponse({"error": "signature"}, 401)
        try:
            sent = msgspec.json.decode(body, type=_Sent)
        except msgspec.DecodeError:
            return JSONResponse({"error": "body"}, 400)
        await _gateway(request).deliver(Letter(sent.id, Address(sent.channel, sent.to), sent.text, sent.subject or ""))
        return JSONResponse({"id": sent.id}, 202)


def _gateway(request: Request) -> StandInGateway:
    ground = container(request).ground
    return StandInGateway(ground.kv, ground.clock)


def _code_in(text: str) -> str:
    found = _CODE.search(text)
    return found[0] if found else ""
