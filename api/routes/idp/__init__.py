"""Protocol endpoints of the identity provider."""

from __future__ import annotations

from api.routes.idp import (
    authorize,
    backchannel,
    check_session,
    device,
    documents,
    end_session,
    login_rules,
    protected_resources,
    pushed,
    registration,
    security_events,
    tokens,
    upstream,
    upstream_providers,
    userinfo,
)

# the busiest first: each router that does not match costs a request some microseconds
routers = [
    tokens.router,
    userinfo.router,
    documents.router,
    authorize.router,
    pushed.router,
    end_session.router,
    check_session.router,
    device.router,
    protected_resources.router,
    upstream.router,
    backchannel.router,
    registration.router,
    upstream_providers.router,
    security_events.router,
    login_rules.router,
]
