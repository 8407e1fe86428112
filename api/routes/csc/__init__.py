"""The Cloud Signature Consortium's API, version 2: seals for signing software."""

from __future__ import annotations

from api.routes.csc import credentials, info, signatures, timestamps

routers = [info.router, credentials.router, signatures.router, timestamps.router]
