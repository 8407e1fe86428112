"""A step of a licence's life as it is asked for over HTTP: which licence, who, under which key, on what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.routes.certstore.shapes import IdempotencyKey, IfMatch, etag, revision_of
from api.wiring.certstore import CertstoreServices
from certstore.life.steps import Step
from certstore.model import Licence
from certstore.status import status_today
from core.clock import calendar_day
from core.principal import Principal

Issuer = Annotated[Principal, Depends(requires("licence:issue"))]


@dataclass(frozen=True, slots=True)
class AskedStep:
    """What every step has beside its body, and how it is answered."""

    licence_id: str
    key: str
    revision: int | None
    actor: Principal
    request: Request
    response: Response

    @property
    def services(self) -> CertstoreServices:
        return container(self.request).certstore

    def step(self, reason: str) -> Step:
        return Step(self.licence_id, self.key, reason, self.revision)

    def told(self, licence: Licence) -> dict[str, Any]:
        """The licence after the step, with its new ETag."""
        self.response.headers["ETag"] = etag(licence.revision)
        return short_out(self.request, licence)


def _asked(
    request: Request,
    response: Response,
    licence_id: str,
    idempotency_key: IdempotencyKey,
    actor: Issuer,
    if_match: IfMatch = None,
) -> AskedStep:
    return AskedStep(licence_id, idempotency_key, revision_of(if_match), actor, request, response)


Asked = Annotated[AskedStep, Depends(_asked)]


def short_out(request: Request, made: Licence) -> dict[str, Any]:
    """A licence without personal data."""
    today = calendar_day(container(request).ground.clock.now())
    return {
        "id": made.id,
        "identifier": made.current.identifier,
        "type": made.type_code,
        "version": made.current.number,
        "issuer": made.issuer,
        "status": status_today(made, today),
        "revision": made.revision,
        "issued_at": made.current.issued_at,
        "valid_from": made.current.valid_from,
        "valid_until": made.current.valid_until,
        "file": f"/v1/licences/{made.id}/files/original",
    }
