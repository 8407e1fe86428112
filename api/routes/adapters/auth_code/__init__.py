"""The 用证码 way of sharing licences: a code for each lawful use (DB44/T 2167.3 as its clients use it)."""

from __future__ import annotations

from api.routes.adapters.auth_code import licences, making, security

routers = [security.router, making.router, licences.router]
