"""REST of the audit log, under `/v1/audit`."""

from __future__ import annotations

from api.routes.audit import log

routers = [log.router]
