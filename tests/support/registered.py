"""Clients registered from documents, as the specifications write them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from core.principal import SYSTEM
from idp.clients.registration import NewClient, read_by_administrator
from tests.support.idp_world import IdpWorld


async def registered(world: IdpWorld, document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its secret, after an administrator has registered it."""
    given = {"client_name": document["client_id"], **document}
    secret = given.pop("client_secret", None)
    description = read_by_administrator(given)
    values = {field.name: getattr(description, field.name) for field in dataclasses.fields(description)}
    made = await world.idp.register_client(NewClient(**values, secret=secret), SYSTEM)
    return {**document, **({} if made.secret is None else {"client_secret": made.secret})}
