"""REST of the e-licence repository, under `/v1`."""

from __future__ import annotations

from api.routes.certstore import (
    before_and_after,
    bundles,
    catalogue,
    consents,
    copies,
    finding,
    imports,
    items,
    licences,
    life,
    look_delays,
    objections,
    presentations,
    records,
    states,
    statistics,
    subscriptions,
    templates,
    use,
    verifications,
)

routers = [
    catalogue.router,
    bundles.router,
    items.router,
    templates.router,
    licences.router,
    finding.router,
    imports.router,
    life.router,
    before_and_after.router,
    use.router,
    consents.router,
    copies.router,
    verifications.router,
    presentations.router,
    states.router,
    subscriptions.router,
    records.router,
    look_delays.router,
    objections.router,
    statistics.router,
]
