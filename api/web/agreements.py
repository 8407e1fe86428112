"""Puts what a client that waits elsewhere asks for into words, and reads what the person ticked."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.requests import Request

from api.deps import container
from api.web.asked_details import in_words
from api.web.consent_words import PSEUDONYM, days_of, items_in_words
from api.web.forms import Form
from api.web.views.agreement import Agreement
from api.web.views.entrance import SiteWords
from core.text import Text
from idp.login.asked_items import AskedItems
from idp.model import Client
from idp.protocol.authorization_details import Detail
from idp.protocol.scopes import OFFLINE_ACCESS


async def agreement(request: Request, client: Client, asked: AskedItems, details: Sequence[Detail]) -> Agreement:
    """For the page that asks."""
    metadata = client.metadata
    return Agreement(
        client_name=client.name,
        office=await office_of(request, client),
        host=urlsplit(metadata.client_uri).netloc if metadata.client_uri else None,
        gives=PSEUDONYM,
        items=items_in_words(asked.items, asked.resource_scopes),
        details=await in_words(details, container(request)),
        site=SiteWords(metadata.policy_uri, metadata.tos_uri),
        contacts=metadata.contacts,
        days=days_of(asked.lasts) if OFFLINE_ACCESS in asked.scopes else None,
    )


def left_out(form: Form, asked: AskedItems) -> tuple[str, ...]:
    """What was not ticked, unless everything was agreed to at once."""
    if form["decision"] == "grant-all":
        return ()
    return tuple(item.scope for item in asked.items if item.optional and not form[f"give:{item.scope}"])


def agrees(form: Form) -> bool:
    return form["decision"] in ("grant", "grant-all")


async def office_of(request: Request, client: Client) -> Text | None:
    """The organisation that runs the client."""
    office = await container(request).idp.directory.organisation(client.organisation) if client.organisation else None
    return office.name if office else None
