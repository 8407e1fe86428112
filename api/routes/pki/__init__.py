"""Routes of the public-key infrastructure: protocols that answer in their own forms."""

from __future__ import annotations

from api.routes.pki import ocsp, published, trust, tsa

routers = [ocsp.router, tsa.router, published.router, trust.router]
