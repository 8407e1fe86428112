"""`yizheng client …`: portals and departments' systems, for the operator at the machine, who needs no second person."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from api.cli.composed import composed
from api.cli.tables import Row, lines_of
from api.settings import Settings
from core.principal import SYSTEM
from idp.clients.document import registration_document
from idp.clients.fields import CORE, METADATA
from idp.clients.policy import OPEN_FOR_TESTS, RegistrationPolicy, WithoutPkce
from idp.clients.ports import ClientSearch
from idp.clients.records import Permit, PermitKind
from idp.model import Client, ClientStatus

Description = Mapping[str, Any]
_SHORT_NAMES = {"name_zh": "client_name#zh-CN", "name_en": "client_name#en"}
_PAGE = 100


def read_descriptions(file: Path) -> list[Description]:
    """Registration documents (RFC 7591 §2) with the members that administrators add.

    Raises:
        ValueError: the JSON is not as required, or holds a member that does not exist.
    """
    # bytes, for JSON is UTF-8 wherever the terminal is something else (RFC 8259 §8.1)
    content: Any = json.loads(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    return [_known_members(entry) for entry in (content if isinstance(content, list) else [content])]


def _known_members(entry: Any) -> Description:
    if not isinstance(entry, dict):
        raise ValueError("a client is a JSON object")
    members: dict[str, Any] = {_SHORT_NAMES.get(str(name), str(name)): value for name, value in entry.items()}
    known = {*CORE, *METADATA, "client_id", "client_name"}
    unknown = [name for name in members if name not in known and name.partition("#")[0] != "client_name"]
    if unknown:  # a slip of the pen would be silence otherwise
        raise ValueError(f"no such member: {', '.join(unknown)}")
    return members


async def register(settings: Settings, descriptions: Sequence[Description]) -> list[str]:
    """Register every client described; a JSON line for each with its id and secret.

    Raises:
        core.errors.AppError: a client was refused; those before it are registered.
    """
    async with composed(settings) as container:
        made = [await container.idp.clients.register.from_document(_known_members(one), SYSTEM) for one in descriptions]
    return [json.dumps({"client_id": each.client.id, "client_secret": each.secret}) for each in made]


async def list_clients(settings: Settings, text: str, *, as_json: bool) -> list[str]:
    """A line for each client whose id or name holds the text."""
    found: list[Client] = []
    async with composed(settings) as container:
        cursor: str | None = None
        while True:
            search = ClientSearch(text)
            page = await container.idp.clients.look.search(search, SYSTEM, cursor=cursor, limit=_PAGE)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return lines_of([_row(client) for client in found], as_json=as_json)


def _row(client: Client) -> Row:
    return {
        "client_id": client.id,
        "status": client.status.value,
        "name": client.name.zh,
        "organisation": client.organisation,
        "method": client.auth_method.value,
        "profile": client.metadata.profile.value,
        "since": f"{client.created_at:%Y-%m-%d}",
    }


async def show(settings: Settings, client_id: str) -> list[str]:
    """Everything that is registered, as one JSON document.

    Raises:
        core.errors.NotFound: `client-not-found`.
    """
    async with composed(settings) as container:
        view = await container.idp.clients.look.read(client_id, SYSTEM)
    document = registration_document(view.client, administrators=True) | {
        "status": view.client.status.value,
        "origin": view.registration.origin.value,
        "waiting": [one.id for one in view.proposals if one.decided_at is None],
    }
    return [json.dumps(document, ensure_ascii=False, indent=2)]


async def change_status(settings: Settings, client_id: str, status: ClientStatus) -> list[str]:
    """
    Raises:
        core.errors.NotFound: `client-not-found`.
        core.errors.Conflict: `client-status`.
    """
    async with composed(settings) as container:
        await container.idp.clients.status(client_id, status, SYSTEM)
    return [f"{client_id}: {status.value}; running workers know within seconds"]


async def add_secret(settings: Settings, client_id: str, *, hours: int) -> list[str]:
    """A JSON line with the new secret and the end of the one before.

    Raises:
        core.errors.AppError: no such client, none with a secret, or two count already.
    """
    async with composed(settings) as container:
        made = await container.idp.clients.secrets.add(client_id, SYSTEM, overlap=dt.timedelta(hours=hours))
    ends_at = made.earlier_ends_at.isoformat() if made.earlier_ends_at else None
    return [json.dumps({"client_id": client_id, "client_secret": made.value, "earlier_ends_at": ends_at})]


async def end_earlier_secret(settings: Settings, client_id: str) -> list[str]:
    """
    Raises:
        core.errors.NotFound: `client-not-found`, `no-earlier-secret`.
    """
    async with composed(settings) as container:
        await container.idp.clients.secrets.end_earlier(client_id, SYSTEM)
    return [f"{client_id}: the earlier secret counts no longer"]


async def errors(settings: Settings, client_id: str, *, as_json: bool) -> list[str]:
    """The latest refused requests of a client.

    Raises:
        core.errors.NotFound: `client-not-found`.
    """
    async with composed(settings) as container:
        page = await container.idp.clients.errors(client_id, SYSTEM, limit=_PAGE)
    rows: list[Row] = [
        {
            "at": f"{one.at:%Y-%m-%d %H:%M:%S}",
            "times": one.times,
            "endpoint": one.endpoint,
            "error": one.error,
            "description": one.description,
            "detail": one.detail,
            "request_id": one.request_id,
        }
        for one in page.items
    ]
    return lines_of(rows, as_json=as_json)


async def logouts(settings: Settings, client_id: str, *, as_json: bool) -> list[str]:
    """The latest logout notices to a client; as a table, its health stands above.

    Raises:
        core.errors.NotFound: `client-not-found`.
    """
    async with composed(settings) as container:
        page = await container.idp.delivery_log.page(client_id, SYSTEM, limit=_PAGE)
        health = await container.idp.delivery_log.health(client_id, SYSTEM)
    rows: list[Row] = [
        {
            "id": one.id,
            "at": f"{one.created_at:%Y-%m-%d %H:%M:%S}",
            "state": one.state,
            "attempts": one.attempts,
            "last_result": one.last_result or "",
            "due": f"{one.due_at:%Y-%m-%d %H:%M:%S}" if one.finished_at is None else "",
        }
        for one in page.items
    ]
    if as_json:
        return lines_of(rows, as_json=True)
    last = f"{health.last_delivered_at:%Y-%m-%d %H:%M:%S}" if health.last_delivered_at else "never"
    told = (
        f"in 7 days: {health.delivered} delivered, {health.pending} pending, {health.given_up} given up; "
        f"last delivered {last}; {health.failures_in_row} attempts failed since"
    )
    return [told, *lines_of(rows, as_json=False)]


async def retry_logout(settings: Settings, client_id: str, notice_id: str) -> list[str]:
    """
    Raises:
        core.errors.NotFound: `client-not-found`, `delivery-not-found`.
    """
    async with composed(settings) as container:
        await container.idp.delivery_log.try_again(client_id, notice_id, SYSTEM)
    return [f"{notice_id}: tried again"]


async def issue_token(
    settings: Settings,
    note: str,
    *,
    clients: int,
    hours: int,
    hosts: Sequence[str],
    scope: str,
    review: bool,
    for_tests: bool,
) -> list[str]:
    """A JSON line with an initial access token (RFC 7591 §3).

    Args:
        for_tests: as conformance tests need it: no PKCE unless asked for, public subjects, every grant for people.

    Raises:
        core.errors.InvalidInput: `permit-invalid`.
    """
    given = RegistrationPolicy(
        scopes=frozenset(scope.split()),
        grants=OPEN_FOR_TESTS.grants if for_tests else RegistrationPolicy().grants,
        redirect_hosts=tuple(host.lower() for host in hosts),
        review=review,
        without_pkce=WithoutPkce.UNLESS_ASKED if for_tests else WithoutPkce.NEVER,
        public_subjects=for_tests,
    )
    async with composed(settings) as container:
        made = await container.idp.clients.permits.initial_access_token(
            given, SYSTEM, note=note, lifetime=dt.timedelta(hours=hours), most_uses=clients
        )
    return [json.dumps({"id": made.permit.id, "initial_access_token": made.token})]


async def list_tokens(settings: Settings, *, as_json: bool) -> list[str]:
    """Initial access tokens, the newest first, without their values."""
    async with composed(settings) as container:
        page = await container.idp.clients.permits.page(PermitKind.TOKEN, SYSTEM, limit=_PAGE)
        now = container.ground.clock.now()
    return lines_of([_permit(permit, now) for permit in page.items], as_json=as_json)


def _permit(permit: Permit, now: dt.datetime) -> Row:
    return {
        "id": permit.id,
        "state": "open" if permit.open(now) else "over",
        "note": permit.note,
        "used": f"{permit.uses}/{permit.most_uses}",
        "review": permit.policy.review,
        "expires": f"{permit.expires_at:%Y-%m-%d %H:%M}" if permit.expires_at else None,
    }


async def end_token(settings: Settings, permit_id: str) -> list[str]:
    """
    Raises:
        core.errors.NotFound: `permit-not-found`.
    """
    async with composed(settings) as container:
        await container.idp.clients.permits.end(permit_id, SYSTEM)
    return [f"{permit_id}: ended; clients that were registered stay"]
