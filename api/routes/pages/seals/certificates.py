"""The certificates of a seal in its forms: looked at, asked for elsewhere, put in place, renewed; the national form."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.seals.tabs import SEALS, somebody_in_charge
from api.web.forms import read_form
from api.web.render import page
from api.web.seal_words import KINDS, MARKS
from api.web.views.common import Fact, Mark
from api.web.views.seals import NationalFormView, SealCertificateView
from api.web.visitor import SEAL_MANAGER, Visitor, permitted
from api.web.words import minute
from core.errors import AppError, InvalidInput
from core.text import Text
from keys.x509.files import LARGEST, certificates_in
from signing.model import Seal, SealStatus
from signing.seals.certificate import SealCertificate

router = APIRouter(include_in_schema=False)
_DONE = {
    "taken": Text(
        "已换上这张证书，以后盖的章用它。", "This certificate is in place; from now on seals are made under it."
    ),
    "renewed": Text("已续发，密钥没有变。", "Renewed over the same key."),
    "renewed-both": Text(
        "已续发。国际形式密钥没有变；国密形式换了新密钥，重新制作。",
        "Renewed: the international form over the same key, the national one made anew over a new key.",
    ),
    "national": Text(
        "已加做国密形式，以后可以按国密盖章。", "It has the national form now, and may stamp in it from here on."
    ),
}


@router.get(SEALS + "/{seal_id}/certificate")
async def certificate(request: Request, seal_id: str, done: str = "") -> Response:
    """What the certificate says, whether it counts, and what may be done."""
    who = await somebody_in_charge(request)
    return await _page(request, who, seal_id, done=done)


@router.get(SEALS + "/{seal_id}/certificate/request.csr")
async def request_file(request: Request, seal_id: str) -> Response:
    """A request for the seal's key, to be taken to a licensed authority."""
    who = await permitted(request, SEAL_MANAGER)
    made = await container(request).signing.take_over_certificate.request(seal_id, actor=who.principal)
    headers = {"Content-Disposition": f'attachment; filename="{seal_id}.csr"', "Cache-Control": "no-store"}
    return Response(made, media_type="application/pkcs10", headers=headers)


@router.post(SEALS + "/{seal_id}/certificate/take")
async def take(request: Request, seal_id: str) -> Response:
    """Put the certificate of another authority in place."""
    who = await permitted(request, SEAL_MANAGER)
    try:
        form = await read_form(request, upload="chain", max_bytes=LARGEST)
        file = form.uploads.get("chain")
        if file is None or not file.content:
            raise InvalidInput(
                "upload-missing", Text("请选证书文件。", "Choose the certificate's file."), field="chain"
            )
        chain = certificates_in(file.content)
        await container(request).signing.take_over_certificate(seal_id, chain, actor=who.principal)
    except AppError as error:
        return await _page(request, who, seal_id, error)
    return RedirectResponse(f"{SEALS}/{seal_id}/certificate?done=taken", 303)


@router.post(SEALS + "/{seal_id}/certificate/renew")
async def renew(request: Request, seal_id: str) -> Response:
    """A new certificate of our own authority over the same key."""
    who = await permitted(request, SEAL_MANAGER)
    try:
        await read_form(request)
        renewed = await container(request).signing.renew_seal(seal_id, actor=who.principal)
    except AppError as error:
        return await _page(request, who, seal_id, error)
    done = "renewed-both" if renewed.profile.national else "renewed"
    return RedirectResponse(f"{SEALS}/{seal_id}/certificate?done={done}", 303)


@router.post(SEALS + "/{seal_id}/certificate/national")
async def give_national(request: Request, seal_id: str) -> Response:
    """Give a seal that is in use the national form beside its own."""
    who = await permitted(request, SEAL_MANAGER)
    try:
        await read_form(request)
        await container(request).signing.national.give(seal_id, actor=who.principal)
    except AppError as error:
        return await _page(request, who, seal_id, error)
    return RedirectResponse(f"{SEALS}/{seal_id}/certificate?done=national", 303)


@router.get(SEALS + "/{seal_id}/certificate/{form_id}.esl")
async def national_seal(request: Request, seal_id: str, form_id: str) -> Response:
    """SESeal, DER."""
    who = await somebody_in_charge(request)
    form = await container(request).signing.national.forms.download(seal_id, form_id, actor=who.principal)
    headers = {"Content-Disposition": f'attachment; filename="{form.esid}.esl"', "Cache-Control": "no-store"}
    return Response(form.encoded, media_type="application/octet-stream", headers=headers)


async def _page(
    request: Request, who: Visitor, seal_id: str, error: AppError | None = None, *, done: str = ""
) -> Response:
    signing = container(request).signing
    await signing.seals.story(seal_id, actor=who.principal)  # refuses whoever does not look after it
    seal, found = await signing.seals.get(seal_id), await signing.look_at_certificate(seal_id)
    base = f"{SEALS}/{seal.id}/certificate"
    may = who.principal.may(SEAL_MANAGER) and seal.status is SealStatus.ACTIVE
    view = SealCertificateView(
        seal=Text(f"{seal.name.zh} · {KINDS[seal.kind].zh}", f"{seal.name.en} · {KINDS[seal.kind].en}"),
        back=f"{SEALS}/{seal.id}",
        base=base,
        state=MARKS[seal.status],
        mark=certificate_mark(found),
        why=found.judgement.fault.text if found.judgement and found.judgement.fault else None,
        facts=_certificate_facts(found),
        may_change=may,
        national=await _national(request, seal),
        error=error.text if error else None,
        note=_DONE.get(done),
    )
    return page(request, "seal_certificate.html", status=status_of(error) if error else 200, view=view)


async def _national(request: Request, seal: Seal) -> NationalFormView | None:
    signing = container(request).signing
    editions = await signing.national.forms.of(seal.id)
    if not editions:
        return None
    form = editions[0]
    found = await signing.look_at_certificate.of_chain(form.certificates)
    return NationalFormView(
        mark=certificate_mark(found),
        why=found.judgement.fault.text if found.judgement and found.judgement.fault else None,
        seal_facts=(
            Fact(Text("依据", "By"), "GB/T 38540-2020"),
            Fact(Text("印章标识", "esID"), form.esid, True),
            Fact(Text("制作时间", "Made"), minute(form.created_at)),
            Fact(Text("有效期", "Valid"), f"{minute(form.valid_from)} – {minute(form.valid_to)}"),
            Fact(Text("SM3 摘要", "SM3"), form.digest, True),
        ),
        facts=_certificate_facts(found),
        href=f"{SEALS}/{seal.id}/certificate/{form.id}.esl",
        former=len(editions) - 1,
    )


def _certificate_facts(found: SealCertificate) -> tuple[Fact, ...]:
    return (
        Fact(Text("持有者", "Subject"), found.subject),
        Fact(Text("颁发机构", "Issuer"), found.issuer),
        Fact(Text("有效期", "Valid"), f"{minute(found.valid_from)} – {minute(found.valid_until)}"),
        Fact(Text("序列号", "Serial number"), found.serial, True),
        Fact(Text("指纹", "SHA-256"), found.sha256, True),
    )


def certificate_mark(found: SealCertificate) -> Mark:
    """Whether it counts today."""
    if found.trusted is None:
        return Mark("warn", "clock", Text("现在查不到", "not known now"))
    if not found.trusted:
        return Mark("bad", "no", Text("信任列表不认", "does not count by the trust list"))
    if found.ends_soon:
        return Mark("warn", "clock", Text("快到期", "ends soon"))
    return Mark("good", "check", Text("可信", "trusted"))
