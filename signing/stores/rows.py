"""Rows of the e-seal service's tables, and the facts that they hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from sqlalchemy import RowMapping

from core.text import Text
from keys.der import split
from keys.profile import Profile
from signing.model import (
    GranteeKind,
    GrantForm,
    RequestState,
    Seal,
    SealApplication,
    SealGrant,
    SealImage,
    SealKind,
    SealStatus,
    SealStep,
    SignatureRecord,
    UseRequest,
)

Row = Mapping[str, object]


def seal_values(seal: Seal, certificate_digest: str) -> Row:
    return {
        "id": seal.id,
        "code": seal.code,
        "organisation": seal.organisation,
        "name_zh": seal.name.zh,
        "name_en": seal.name.en,
        "kind": seal.kind.value,
        "status": seal.status.value,
        "certificates": b"".join(seal.certificates),
        "certificate_digest": certificate_digest,
        "key_purpose": seal.key_purpose,
        "diameter_mm": seal.image.diameter_mm,
        "across_mm": seal.image.across_mm,
        "image_svg": seal.image.svg,
        "image_content": seal.image.content,
        "uses": 0,
        "created_at": seal.created_at,
        "revoked_at": seal.revoked_at,
        "design": None if seal.design is None else dict(seal.design),
        "bearer": seal.bearer,
        "replaces": seal.replaces,
        "profile": seal.profile.value,
    }


def seal_of(row: RowMapping) -> Seal:
    return Seal(
        id=row["id"],
        code=row["code"],
        organisation=row["organisation"],
        name=Text(row["name_zh"], row["name_en"]),
        kind=SealKind(row["kind"]),
        status=SealStatus(row["status"]),
        certificates=tuple(split(bytes(row["certificates"]))),
        key_purpose=row["key_purpose"],
        image=SealImage(row["diameter_mm"], row["image_svg"], bytes(row["image_content"]), row["across_mm"]),
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
        design=row["design"],
        bearer=row["bearer"],
        replaces=row["replaces"],
        profile=Profile(row["profile"]),
    )


def grant_values(grant: SealGrant) -> Row:
    values = {field.name: getattr(grant, field.name) for field in dataclasses.fields(grant)}
    return values | {
        "grantee_kind": grant.grantee_kind.value,
        "document_classes": list(grant.document_classes),
        "form": grant.form.value,
    }


def grant_of(row: RowMapping) -> SealGrant:
    changed = {
        "grantee_kind": GranteeKind(row["grantee_kind"]),
        "document_classes": tuple(row["document_classes"]),
        "form": GrantForm(row["form"]),
    }
    return SealGrant(**dict(row) | changed)


def application_values(application: SealApplication) -> Row:
    names = (field.name for field in dataclasses.fields(application) if field.name != "name")
    values = {name: getattr(application, name) for name in names}
    return values | {
        "name_zh": application.name.zh,
        "name_en": application.name.en,
        "kind": application.kind.value,
        "status": application.status.value,
        "profile": application.profile.value,
    }


def application_of(row: RowMapping) -> SealApplication:
    values = dict(row)
    name = Text(values.pop("name_zh"), values.pop("name_en"))
    return SealApplication(
        **values
        | {"name": name, "kind": SealKind(row["kind"]), "status": SealStatus(row["status"])}
        | {"profile": Profile(row["profile"])}
        | {"shape": row["shape"] or "round", "centre": row["centre"] or "star"}
        | {"numbered": row["numbered"] is not False, "scan": bytes(scan) if (scan := row.get("scan")) else None}
    )


def step_values(step: SealStep) -> Row:
    return {field.name: getattr(step, field.name) for field in dataclasses.fields(step)} | {"status": step.status.value}


def step_of(row: RowMapping) -> SealStep:
    values = {name: value for name, value in row.items() if name != "number"}
    return SealStep(**values | {"status": SealStatus(row["status"])})


def request_values(request: UseRequest) -> Row:
    values = {field.name: getattr(request, field.name) for field in dataclasses.fields(request)}
    return values | {"state": request.state.value, "form": request.form.value}


def request_of(row: RowMapping) -> UseRequest:
    return UseRequest(**dict(row) | {"state": RequestState(row["state"]), "form": GrantForm(row["form"])})


def signature_values(record: SignatureRecord) -> Row:
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)} | {
        "form": record.form.value
    }


def signature_of(row: RowMapping) -> SignatureRecord:
    return SignatureRecord(**dict(row) | {"form": GrantForm(row["form"])})
