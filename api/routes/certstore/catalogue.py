"""`/v1/licence-types`: the public part of the catalogue, and its changes by administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.routes.certstore.shapes import Cursor, IfMatch, In, TextIn, etag, page_out, revision_of, text_out
from certstore.codes import CODE_TYPES
from certstore.definition import TypeDefinition
from certstore.elements import ELEMENTS
from certstore.identifier import parse_type_code
from certstore.lifecycle import Event
from certstore.model import (
    FIXED_FIELDS,
    Colour,
    FileForms,
    HolderKind,
    InspectionRule,
    LicenceType,
    LifeProfile,
    Sharing,
    Validity,
    ValidityRule,
)
from certstore.schema import face_fields
from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text

router = APIRouter(prefix="/v1", tags=["catalogue"])


class ValidityIn(In):
    """How the last day of validity comes about."""

    kind: Validity
    amount: int = 0


class InspectionIn(In):
    """An inspection due every so many months, from so many days before."""

    months: int
    window_days: int

    def rule(self) -> InspectionRule:
        return InspectionRule(self.months, self.window_days)


class ProfileIn(In):
    """What may happen to licences of the type."""

    events: Annotated[list[Event], Field(max_length=40)]
    two_people: Annotated[list[Event], Field(max_length=40, default_factory=list)]

    def profile(self) -> LifeProfile:
        return LifeProfile(frozenset(self.events), frozenset(self.two_people))


class TypeIn(In):
    """A catalogue entry, or a new version of one."""

    code: Annotated[str, Field(max_length=40)]
    name: TextIn
    issuers: Annotated[list[str], Field(max_length=200)]
    holder_kind: HolderKind
    colour: Colour
    json_schema: Annotated[dict[str, Any], Field(alias="schema")]
    validity: ValidityIn
    sharing: Sharing
    template: Annotated[str, Field(max_length=40)]
    one_per_holder: bool = False
    several_holders: bool = True
    inspection: InspectionIn | None = None
    profile: ProfileIn | None = None
    numbering: Annotated[str, Field(max_length=80)] = ""
    retired: bool = False
    file_forms: FileForms = FileForms.PDF

    def definition(self) -> TypeDefinition:
        return TypeDefinition(
            code=self.code,
            name=self.name.text(),
            issuers=self.issuers,
            holder_kind=self.holder_kind,
            colour=self.colour,
            schema=self.json_schema,
            validity=ValidityRule(self.validity.kind, self.validity.amount),
            sharing=self.sharing,
            template=self.template,
            one_per_holder=self.one_per_holder,
            several_holders=self.several_holders,
            inspection=self.inspection.rule() if self.inspection else None,
            profile=self.profile.profile() if self.profile else None,
            numbering=self.numbering,
            retired=self.retired,
            file_forms=self.file_forms,
        )


@router.get("/licence-types")
async def licence_types(request: Request, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """All types, newest versions; no token needed."""
    page = await container(request).certstore.catalogue.licence_types(cursor, limit)
    return page_out([type_out(one) for one in page.items], page.next_cursor)


@router.get("/licence-types/{code}")
async def licence_type(request: Request, response: Response, code: str, version: int | None = None) -> dict[str, Any]:
    """One type; an earlier version by `?version=`. The ETag is the version, for `If-Match` of a change."""
    found = await container(request).certstore.catalogue.licence_type(code[:40], version)
    response.headers["ETag"] = etag(found.version)
    return type_out(found)


@router.post("/licence-types", status_code=201)
async def register_type(
    request: Request, body: TypeIn, actor: Annotated[Principal, Depends(requires("admin:system"))]
) -> dict[str, Any]:
    """Register a type, or a new version of it; what was issued before stays valid."""
    return type_out(await container(request).certstore.catalogue.register_type(body.definition(), actor))


@router.put("/licence-types/{code}")
async def put_type(
    request: Request,
    response: Response,
    code: str,
    body: TypeIn,
    actor: Annotated[Principal, Depends(requires("admin:system"))],
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """The type's next version. `If-Match` names the version that was changed; without it whatever came since is kept
    in the history and this one counts."""
    if parse_type_code(body.code) != parse_type_code(code[:40]):
        raise InvalidInput(
            "licence-type-code-invalid",
            Text("地址里的类型代码与内容里的不同。", "The code in the address is not the one in the body."),
            field="code",
        )
    catalogue = container(request).certstore.catalogue
    made = await catalogue.register_type(body.definition(), actor, before=revision_of(if_match))
    response.headers["ETag"] = etag(made.version)
    return type_out(made)


@router.post("/licence-types/{code}/retire")
async def retire_type(
    request: Request,
    code: str,
    actor: Annotated[Principal, Depends(requires("admin:system"))],
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """End a type: nothing new is issued under it, and what was issued stays as it is."""
    catalogue = container(request).certstore.catalogue
    return type_out(await catalogue.retire_type(code[:40], actor, before=revision_of(if_match)))


@router.get("/licence-types/{code}/versions")
async def type_versions(request: Request, code: str) -> dict[str, Any]:
    """All versions of a type, newest first."""
    found = await container(request).certstore.catalogue.versions(code[:40])
    return {"items": [type_out(one) for one in found]}


@router.get("/licence-elements")
async def licence_elements() -> dict[str, Any]:
    """The metadata elements that every licence has, by their codes in GB/T 36903, and where each is known from."""
    return {
        "items": [
            {
                "code": one.code,
                "name": text_out(one.name),
                "kind": one.kind,
                "obligation": one.obligation,
                "source": one.source,
            }
            for one in ELEMENTS
        ]
    }


@router.get("/holder-code-types")
async def holder_code_types() -> dict[str, Any]:
    """Kinds of holders' numbers (GB/T 36903 Annex A), and where each is known from."""
    rows = CODE_TYPES.values()
    return {
        "items": [
            {"code": one.code, "name": text_out(one.name), "source": one.source, "bearer": one.bearer} for one in rows
        ]
    }


def type_out(made: LicenceType) -> dict[str, Any]:
    return {
        "code": made.code,
        "version": made.version,
        "name": text_out(made.name),
        "authority": made.authority,
        "issuers": list(made.issuers),
        "holder_kind": made.holder_kind,
        "colour": made.colour,
        "schema": made.schema,
        "fields": [
            *({"name": name, "title": text_out(title)} for name, title in FIXED_FIELDS.items()),
            *(
                {
                    "name": field.name,
                    "title": text_out(field.title),
                    "code": field.code,
                    "masking": field.masking,
                    "unit": field.unit,
                }
                for field in face_fields(made.schema)
            ),
        ],
        "validity": {"kind": made.validity.kind, "amount": made.validity.amount},
        "sharing": made.sharing,
        "template": made.template,
        "one_per_holder": made.one_per_holder,
        "several_holders": made.several_holders,
        "inspection": {"months": made.inspection.months, "window_days": made.inspection.window_days}
        if made.inspection
        else None,
        "profile": {"events": sorted(made.profile.events), "two_people": sorted(made.profile.two_people)}
        if made.profile
        else None,
        "numbering": made.numbering,
        "retired": made.retired,
        "file_forms": made.file_forms,
        "created_at": made.created_at,
    }
