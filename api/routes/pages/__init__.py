"""Pages for people: handlers translate between HTTP and use cases, and nothing else."""

from __future__ import annotations

from api.routes.pages import clerk, entrance, office, seal_pictures, sealing

routers = [
    entrance.router,
    clerk.router,
    office.router,
    sealing.router,
    seal_pictures.router,
]
