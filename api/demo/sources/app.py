"""The stand-in registers as an application of their own: they take signed questions only, and have their moods."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.demo.sources.registers import Registers, Report
from core.clock import Clock
from core.http_signature import is_signed

Told = Mapping[str, object]
Answer = Callable[[Told], Mapping[str, object]]
_MOST_BYTES = 4096
_MOST_REPORTS = 1000


def registers_app(registers: Registers, *, base: str, keys: Mapping[str, bytes], clock: Clock) -> Starlette:
    """
    Args:
        base: address under which it is called, without a slash at its end; part of what is signed.
        keys: by id, those under which questions may be signed.
    """

    def asked(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            url = base + request.url.path[len(request.scope.get("root_path", "")) :]
            signed = is_signed("POST", url, body, request.headers, keys=keys, now=clock.now())
            if not signed or len(body) > _MOST_BYTES:
                return JSONResponse({"error": "signature"}, 401)
            return await _in_mood(registers, lambda: answer(json.loads(body)))

        return endpoint

    return Starlette(
        routes=[
            Route("/people/check", asked(lambda told: _person(registers, told)), methods=["POST"]),
            Route("/people/deaths", asked(lambda told: _reports(registers.deaths, told)), methods=["POST"]),
            Route("/organisations/check", asked(lambda told: _organisation(registers, told)), methods=["POST"]),
            Route(
                "/organisations/dissolutions",
                asked(lambda told: _reports(registers.dissolutions, told)),
                methods=["POST"],
            ),
        ]
    )


async def _in_mood(registers: Registers, answer: Callable[[], Mapping[str, object]]) -> Response:
    mood = registers.mood
    await asyncio.sleep(mood.chance.uniform(*mood.seconds))
    if mood.maintenance:
        return JSONResponse({"error": "maintenance"}, 503, {"Retry-After": "600"})
    if mood.chance.random() < mood.failures:
        return JSONResponse({"error": "internal"}, 500)
    try:
        said = json.dumps(answer(), ensure_ascii=False).encode()
    except (KeyError, TypeError, ValueError):
        return JSONResponse({"error": "question"}, 400)
    return Response(said[: len(said) // 2] if mood.garbled else said, media_type="application/json")


def _person(registers: Registers, told: Told) -> Mapping[str, object]:
    return registers.person(str(told["number"]), str(told["name"]))


def _organisation(registers: Registers, told: Told) -> Mapping[str, object]:
    said = told.get("representative")
    return registers.organisation(str(told["code"]), said if isinstance(said, dict) else None)


def _reports(reports: list[Report], told: Told) -> Mapping[str, object]:
    after, most = int(str(told["after"])), min(int(str(told["most"])), _MOST_REPORTS)
    found = [one for one in reports if one.position > after][:most]
    return {"changes": [{"position": one.position, "number": one.number, "on": str(one.on)} for one in found]}
