"""The e-seal service over HTTP: seals, grants, signatures, verification."""

from __future__ import annotations

from api.routes.signing import public_log, seals, signatures, verifications

routers = [signatures.router, verifications.router, seals.router, public_log.router]
