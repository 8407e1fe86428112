"""The demo city's phones and mailboxes on one page, and the stand-in gateway that fills them; demo mode only."""

from __future__ import annotations

from fastapi import FastAPI

from api.settings import Settings


def mount_phone(app: FastAPI, settings: Settings) -> None:
    """Serve `/demo/phone` and the gateway."""
    from api.demo.phone.pages import PhonePages

    app.include_router(PhonePages(settings).router)
