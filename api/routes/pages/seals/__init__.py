"""A department's pages about its seals."""

from __future__ import annotations

from api.routes.pages.seals import desk, grants, ledger, requests

routers = [ledger.router, requests.router, desk.router, grants.router]
