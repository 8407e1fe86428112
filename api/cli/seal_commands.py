"""The work of `yizheng seal …`: each change is the service's own, and stands in the seal's story as such."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from api.cli.composed import composed
from api.cli.seal_source import WARNING, SealSource, with_chain, with_scan
from api.cli.tables import lines_of
from api.routes.signing.uses import use_query
from api.settings import Settings
from core.identifiers.uscc import parse_uscc
from core.principal import SYSTEM
from keys.profile import Profile
from keys.x509.files import certificates_in
from signing.errors import SealFormMissing
from signing.model import GranteeKind, GrantForm, SealStatus
from signing.seals.apply import ApplyCommand
from signing.seals.grant import GrantSealCommand
from signing.seals.order import SealOrder

_NEWEST = 100


async def list_seals(settings: Settings, owner: str | None, *, as_json: bool) -> list[str]:
    """A row for each seal, oldest first."""
    async with composed(settings) as service:
        seals, cursor, rows = service.signing.seals, None, []
        while True:
            found = await seals.page(parse_uscc(owner) if owner else None, cursor=cursor, size=_NEWEST)
            rows += [
                {
                    "id": one.id,
                    "code": one.code,
                    "owner": one.organisation,
                    "name": one.name.zh,
                    "kind": one.kind.value,
                    "forms": one.profile.value,
                    "status": one.status.value,
                }
                for one in found.items
            ]
            cursor = found.next_cursor
            if cursor is None:
                return lines_of(rows, as_json=as_json)


async def show(settings: Settings, seal_id: str, *, as_json: bool) -> list[str]:
    """A row for each step."""
    async with composed(settings) as service:
        story = await service.signing.seals.story(seal_id, actor=SYSTEM)
    rows = [
        {
            "at": one.at.isoformat(timespec="seconds"),
            "event": one.event,
            "status": one.status.value,
            "by": f"{one.actor_kind}:{one.actor}",
            "reason": one.reason,
        }
        for one in story
    ]
    return lines_of(rows, as_json=as_json)


async def found(settings: Settings, order: SealOrder, height: float | None, source: SealSource) -> list[str]:
    """
    Raises:
        core.errors.AppError: as `signing.seals.create`.
        OSError: the file of the scan cannot be read.
    """
    key, carried = source.key()
    order = order if carried is None else replace(order, algorithm=carried.algorithm)
    async with composed(settings) as service:
        order = await with_scan(service, order, source, height)
        seal = await service.signing.create_seal(order, actor=SYSTEM, source=key)
        return [seal.id, *await with_chain(service, seal.id, carried)]


async def apply(
    settings: Settings, order: SealOrder, height: float | None, source: SealSource, reason: str
) -> list[str]:
    """Ask for a seal in an office's name; its own people review and activate it."""
    async with composed(settings) as service:
        order = await with_scan(service, order, source, height)
        return [(await service.signing.apply_for_seal(ApplyCommand(order, SYSTEM, reason))).id]


async def make(settings: Settings, application: str, source: SealSource) -> list[str]:
    """Make what an office approved; its key may be on a device already, or come in a file."""
    key, carried = source.key()
    async with composed(settings) as service:
        seal = await service.signing.make_seal(application, actor=SYSTEM, source=key)
    return [seal.id, *([] if carried is None else [WARNING])]


async def request(settings: Settings, seal_id: str, file: Path) -> list[str]:
    """Write a request for a certificate of the seal's key to a new file.

    Raises:
        FileExistsError: the file is there already.
    """
    async with composed(settings) as service:
        made = await service.signing.take_over_certificate.request(seal_id, actor=SYSTEM)
    with await asyncio.to_thread(_new, file) as written:
        written.write(made)
    return [f"{file}: {len(made)} bytes; take it to a licensed authority"]


async def give_national_form(settings: Settings, seal_id: str | None, owner: str | None) -> list[str]:
    """Give one seal, or every one in use that has none, the national form."""
    lines = []
    async with composed(settings) as service:
        give = service.signing.national.give
        if seal_id is None:
            wanted = [seal.id for seal in await give.waiting(parse_uscc(owner) if owner else None)]
        else:
            wanted = [seal_id]
        for one in wanted:
            form = await give(one, actor=SYSTEM)
            lines.append(f"{one}: national form until {form.valid_to:%Y-%m-%d}, sm3:{form.digest}")
    return lines or ["every seal in use has a national form"]


async def write_esl(settings: Settings, seal_id: str, file: Path) -> list[str]:
    """Write SESeal to a new file.

    Raises:
        FileExistsError: the file is there already.
        core.errors.AppError: no such seal, or it has no national form.
    """
    async with composed(settings) as service:
        form = await service.signing.national.forms.current(seal_id)
    if form is None:
        raise SealFormMissing
    with await asyncio.to_thread(_new, file) as written:
        written.write(form.encoded)
    return [f"{file}: {len(form.encoded)} bytes, sm3:{form.digest}"]


async def department(settings: Settings, owner: str, forms: str | None) -> list[str]:
    """In which forms new seals of a department are made; set if `forms` says so."""
    organisation = parse_uscc(owner)
    async with composed(settings) as service:
        departments = service.signing.national.departments
        if forms is not None:
            profile = None if forms == "default" else Profile(forms)
            await departments.set(organisation, profile, actor=SYSTEM)
        own = await departments.of(organisation)
        new = await departments.for_new_seal(organisation, None)
    return [f"{organisation}: {own.value if own else 'nothing of its own'}; new seals are made as {new.value}"]


async def certify(settings: Settings, seal_id: str, files: Sequence[Path]) -> list[str]:
    """Give a seal the certificate in `files`, its root last; without files a new one of our own authority."""
    chain = [der for file in files for der in certificates_in(file.read_bytes())]
    async with composed(settings) as service:
        signing = service.signing
        if not chain:
            seal = await signing.renew_seal(seal_id, actor=SYSTEM)
        else:
            seal = await signing.take_over_certificate(seal_id, chain, actor=SYSTEM)
    return [f"{seal.id}: {hashlib.sha256(seal.certificate).hexdigest()}"]


async def change(settings: Settings, seal_id: str, status: str, reason: str) -> list[str]:
    """Suspend, resume or revoke."""
    async with composed(settings) as service:
        after = SealStatus(status)
        seal = await service.signing.change_seal_status(seal_id, after, actor=SYSTEM, reason=reason)
        return [f"{seal.id}: {seal.status.value}"]


async def destroy(settings: Settings, seal_id: str, reason: str) -> list[str]:
    async with composed(settings) as service:
        seal = await service.signing.destroy_seal(seal_id, actor=SYSTEM, reason=reason)
        return [f"{seal.id}: {seal.status.value}"]


async def grants(settings: Settings, seal_id: str, *, as_json: bool) -> list[str]:
    """A row for each grant that was ever given."""
    async with composed(settings) as service:
        found_grants = await service.signing.seals.grants_of(seal_id, actor=SYSTEM)
    rows = [
        {
            "id": one.id,
            "to": f"{one.grantee_kind.value}:{one.grantee}",
            "classes": " ".join(one.document_classes),
            "from": one.valid_from.isoformat(),
            "until": one.valid_to.isoformat(),
            "uses": one.uses,
            "max_uses": one.max_uses,
            "approval": one.approval,
            "ended": one.ended_at.isoformat(timespec="seconds") if one.ended_at else None,
        }
        for one in found_grants
    ]
    return lines_of(rows, as_json=as_json)


async def grant(
    settings: Settings,
    seal_id: str,
    kind: str,
    grantee: str,
    classes: tuple[str, ...],
    days: tuple[dt.date, dt.date],
    max_uses: int | None,
    *,
    approval: bool,
    form: str,
) -> list[str]:
    async with composed(settings) as service:
        command = GrantSealCommand(
            seal_id=seal_id,
            grantee_kind=GranteeKind(kind),
            grantee=grantee,
            document_classes=classes,
            valid_from=days[0],
            valid_to=days[1],
            actor=SYSTEM,
            max_uses=max_uses,
            approval=approval,
            form=GrantForm(form),
        )
        return [(await service.signing.grant_seal(command)).id]


async def end_grant(settings: Settings, grant_id: str) -> list[str]:
    async with composed(settings) as service:
        ended = await service.signing.end_grant(grant_id, actor=SYSTEM)
        return [f"{ended.id}: taken back"]


async def uses(
    settings: Settings, owner: str, seal: str | None, since: dt.date | None, until: dt.date | None, *, as_json: bool
) -> list[str]:
    """The newest entries of the ledger."""
    query = use_query(parse_uscc(owner), seal, None, None, since, until)
    async with composed(settings) as service:
        page = await service.signing.uses.ledger.page(query, actor=SYSTEM, limit=_NEWEST)
    rows = [
        {
            "id": one.id,
            "at": one.signed_at.isoformat(timespec="seconds"),
            "seal": one.seal_id,
            "class": one.document_class,
            "by": f"{one.actor_kind}:{one.actor_id}",
            "level": one.level,
        }
        for one in page.items
    ]
    return lines_of(rows, as_json=as_json)


async def export(
    settings: Settings, owner: str, seal: str | None, since: dt.date | None, until: dt.date | None, file: Path
) -> list[str]:
    """The whole answer to a new file, readable to its owner only.

    Raises:
        FileExistsError: the file is there already.
    """
    query = use_query(parse_uscc(owner), seal, None, None, since, until)
    async with composed(settings) as service:
        lines = await service.signing.uses.ledger.export(query, actor=SYSTEM)
        with await asyncio.to_thread(_new, file) as written:
            async for piece in lines:
                await asyncio.to_thread(written.write, piece)
            return [f"{file}: {written.tell()} bytes"]


def _new(file: Path) -> BinaryIO:
    file.touch(mode=0o600, exist_ok=False)
    return file.open("wb")
