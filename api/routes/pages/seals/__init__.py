"""A department's pages about its seals."""

from __future__ import annotations

from api.routes.pages.seals import batches, certificates, design, desk, grants, ledger, requests

routers = [
    batches.router,
    ledger.router,
    requests.router,
    design.router,
    certificates.router,
    desk.router,
    grants.router,
]
