"""The e-seal service over HTTP: seals, grants, requests, signatures, the ledger, verification."""

from __future__ import annotations

from api.routes.signing import (
    applications,
    batches,
    conversions,
    digests,
    extensions,
    grants,
    national_forms,
    previews,
    public_log,
    seal_orders,
    seals,
    signatures,
    text_searches,
    uses,
    verifications,
)

routers = [
    signatures.router,
    digests.router,
    batches.router,
    previews.router,
    extensions.router,
    verifications.router,
    conversions.router,
    text_searches.router,
    seals.router,
    national_forms.router,
    seal_orders.router,
    applications.router,
    grants.router,
    uses.router,
    public_log.router,
]
