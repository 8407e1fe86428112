"""`license/…` of the 用证码 way: a use code for each lawful use, and what it gives."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from api.deps import container
from api.routes.adapters.auth_code.envelope import PREFIX, offer
from api.routes.adapters.auth_code.shapes import AgentCase, ByCode, DutyCase, Own, PersonCase, at_window
from api.routes.adapters.callers import person_by_token
from certstore.authorise import acting_organisation, require_scope
from certstore.exchange.elements import HOLDERS_BETWEEN
from certstore.exchange.people import ActingFor, PersonalAnswer, PersonalQuestion
from certstore.use.codes import IssuedCode, UseCodeQuery
from core.principal import Principal

router = APIRouter(prefix=PREFIX, tags=["exchange: use codes"])


async def holder(request: Request, body: PersonCase, actor: Principal) -> Any:
    """网上申办用证: the holder is logged in at the caller's; codes for what may be used, and what needs consent."""
    person = await person_by_token(request, body.real_name_credential)
    services = container(request).exchange
    return _personal(await services.in_person.by_holder(_question(body), person, at_window(actor, body.operator)))


async def entrust(request: Request, body: AgentCase, actor: Principal) -> Any:
    """委托用证: somebody authorised by the holder is logged in."""
    agent = await person_by_token(request, body.real_name_credential)
    whom = ActingFor(body.identity_type, body.identity_number)
    by = at_window(actor, body.operator)
    return _personal(await container(request).exchange.in_person.by_agent(_question(body), whom, agent, by))


async def by_duty(request: Request, body: DutyCase, actor: Principal) -> Any:
    """依职能用证: by the holder's number, within the grants and quotas of the caller's organisation."""
    query = UseCodeQuery(
        body.identity_type,
        body.identity_number,
        body.service_item_code,
        body.biz_num,
        body.basis(),
        types=body.license_item_codes,
    )
    found = await container(request).certstore.use.codes(query, at_window(actor, body.operator))
    first = (body.page_index - 1) * body.page_size
    return {"total_count": len(found), "licenses": _listed(found[first : first + body.page_size])}


async def webpage(request: Request, body: Own, actor: Principal) -> Any:
    """The holder's own list, for the holder; the whole of each is on our own pages."""
    require_scope(actor, "licence:read")
    acting_organisation(actor)
    person = await person_by_token(request, body.real_name_credential)
    own = await container(request).certstore.my_licences(person)
    issuer = container(request).ground.settings.issuer
    return {
        "webpage_url": f"{issuer}/me",
        "licenses": [
            {
                "license_code": one.identifier,
                "license_item_code": one.type_code,
                "name": one.type_name.zh,
                "issue_org_name": one.issuer_name.zh,
                "license_status": one.status.value.upper(),
                "expiry_date": one.valid_until,
                "webpage_url": f"{issuer}/me/licences/{one.id}",
            }
            for one in own
        ],
    }


async def get_license(request: Request, body: ByCode, actor: Principal) -> Any:
    """The data that a code stands for."""
    given = await container(request).exchange.share.redeemed(body.auth_code, actor)
    elements = given.elements
    return {
        "license_code": given.identifier,
        "license_item_code": given.type_code,
        "trust_level": given.trust,
        "license_status": "VALID",
        "id_code": elements.get("ZZBH"),
        "holder_name": _parts(elements, "CZZT"),
        "holder_identity_type": _parts(elements, "CZZTDMLXDM"),
        "holder_identity_num": _parts(elements, "CZZTDM"),
        "issue_org_name": elements["ZZBFJG"],
        "issue_org_code": elements["ZZBFJGDM"],
        "issue_date": elements["ZZBFRQ"],
        "begin_date": elements["ZZYXQQSRQ"],
        "expiry_date": elements["ZZYXQJZRQ"],
        "correlative_license": elements.get("GLZZBS"),
        "data_fields": dict(elements),
    }


async def token(request: Request, body: ByCode, actor: Principal) -> Any:
    """What opens a page that shows the licence, once, within minutes."""
    ticket = await container(request).certstore.use.redeem.ticket(body.auth_code, actor)
    issuer = container(request).ground.settings.issuer
    return {
        "license_access_token": ticket.token,
        "view_url": f"{issuer}/use-view/{ticket.token}",
        "expires_at": ticket.ends_at,
    }


async def archive(request: Request, body: ByCode, actor: Principal) -> Any:
    """The PDF for the case file: an annotated copy, never the original."""
    certstore = container(request).certstore
    made = await certstore.use.redeem.copy(body.auth_code, actor)
    file = await certstore.copies.file(made.licence_id, made.id, actor)
    return {
        "copy_id": made.id,
        "file_name": file.name,
        "file_type": "application/pdf",
        "sha256": file.sha256,
        "expires_on": made.expires_on,
        "file_data": base64.b64encode(file.content).decode(),
    }


def _parts(elements: Mapping[str, object], name: str) -> list[str]:
    """One for each holder; nothing where the grant does not have it."""
    return str(elements[name]).split(HOLDERS_BETWEEN) if name in elements else []


def _question(body: PersonCase) -> PersonalQuestion:
    return PersonalQuestion(body.service_item_code, body.biz_num, body.basis(), body.license_item_codes, ask=body.apply)


def _personal(answer: PersonalAnswer) -> dict[str, Any]:
    return {
        "total_count": len(answer.codes),
        "licenses": _listed(answer.codes),
        "needs_consent": list(answer.to_ask),
        "consent_id": answer.question.id if answer.question else None,
        "consent_url": answer.decision_url,
    }


def _listed(codes: Sequence[IssuedCode]) -> list[dict[str, Any]]:
    return [
        {
            "license_code": one.identifier,
            "license_item_code": one.use.type_code,
            "name": one.type_name.zh,
            "license_status": "VALID",
            "expiry_date": one.valid_until,
            "auth_code": one.code,
            "auth_code_expires_at": one.use.ends_at,
            "data_fields": list(one.use.fields),
        }
        for one in codes
    ]


offer(router, "/license/holder", PersonCase, holder)
offer(router, "/license/entrust", AgentCase, entrust)
offer(router, "/license/auth", DutyCase, by_duty)
offer(router, "/license/webpage", Own, webpage)
offer(router, "/license/get_license", ByCode, get_license)
offer(router, "/license/token", ByCode, token)
offer(router, "/license/archive", ByCode, archive)
