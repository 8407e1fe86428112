"""Pages of the keys that people hold."""

from __future__ import annotations

from api.routes.pages.keys import (
    certificate_challenge,
    certificate_login,
    own_certificates,
    own_passkeys,
    passkey_login,
    phone_scan,
    qr_screen,
)

routers = [
    passkey_login.router,
    certificate_login.router,
    certificate_challenge.router,
    qr_screen.router,
    phone_scan.router,
    own_passkeys.router,
    own_certificates.router,
]
