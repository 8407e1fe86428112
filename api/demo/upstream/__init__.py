"""Stand-ins for the province and a university: OpenID providers of their own, for the demo city and for tests.

Built on joserfc and the specifications; nothing of our own provider or relying party is imported in `provider.py`.
"""

from __future__ import annotations

from fastapi import FastAPI

from api.settings import Settings


def mount_upstream(app: FastAPI, settings: Settings) -> None:
    """Serve the demo city's upstream providers below `/demo/upstream/`."""
    from api.demo.upstream.cast import PROVIDERS
    from api.demo.upstream.pages import StandInPages, demo_page
    from api.demo.upstream.provider import StandIn

    for one in PROVIDERS:
        stand_in = StandIn(one.issuer(settings.issuer), one.client(settings.issuer), one.people)
        app.include_router(StandInPages(one.key, stand_in, demo_page(one), secure=settings.secure).router)
