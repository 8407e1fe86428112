"""Protocol endpoints of the identity provider."""

from __future__ import annotations

from api.routes.idp import authorize, documents, end_session, tokens, userinfo

routers = [documents.router, authorize.router, tokens.router, userinfo.router, end_session.router]
