"""Two demo portals: sites of their own that know the service only by its public protocols."""

from __future__ import annotations

from fastapi import FastAPI

from api.settings import Settings


def mount_portals(app: FastAPI, settings: Settings) -> None:
    """Serve the demo city's portals below `/demo/portals/`."""
    from api.demo.city import CLIENTS
    from api.demo.portals.pages import Portal

    for client in CLIENTS:
        if client.portal:
            app.include_router(Portal(client, settings.issuer, secure=settings.secure).router)
