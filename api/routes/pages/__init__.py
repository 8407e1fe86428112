"""Pages for people: handlers translate between HTTP and use cases, and nothing else."""

from __future__ import annotations

from api.routes.pages import (
    account,
    account_choice,
    administration,
    clerk,
    code_log_in,
    consenting,
    devices,
    entrance,
    identities,
    keys,
    lookup,
    office,
    own,
    own_portals,
    portals,
    seal_pictures,
    sealing,
    sign_ins,
    steps,
    verification,
)

routers = [
    entrance.router,
    code_log_in.router,
    steps.router,
    *keys.routers,
    account_choice.router,
    verification.router,
    own.router,
    own_portals.router,
    *account.routers,
    identities.router,
    sign_ins.router,
    consenting.router,
    devices.router,
    clerk.router,
    lookup.router,
    office.router,
    sealing.router,
    seal_pictures.router,
    administration.router,
    portals.router,
]
