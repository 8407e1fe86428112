"""The national way of sharing licences: `{head, data}` in, `{head, data}` out (GB/T 36906 practice)."""

from __future__ import annotations

from api.routes.adapters.head_data import routes

routers = [routes.router]
