"""The console for portals: those who look after clients, and those who decide over them."""

from __future__ import annotations

from fastapi import APIRouter

from api.routes.pages.portals import connecting, listing, one, permits, registering, reviewing

router = APIRouter(include_in_schema=False)
for _part in (registering, reviewing, permits, listing, connecting, one):  # fixed paths before those with an id
    router.include_router(_part.router)
