"""REST of the e-licence repository, under `/v1`."""

from __future__ import annotations

from api.routes.certstore import (
    catalogue,
    consents,
    copies,
    licences,
    presentations,
    records,
    states,
    use,
    verifications,
)

routers = [
    catalogue.router,
    licences.router,
    use.router,
    consents.router,
    copies.router,
    verifications.router,
    presentations.router,
    states.router,
    records.router,
]
