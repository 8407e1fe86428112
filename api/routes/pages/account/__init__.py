"""The citizen's account: overview, details, log-ins, who looked, a copy of everything, the end."""

from __future__ import annotations

from api.routes.pages.account import (
    closing,
    data_copy,
    details,
    log_ins,
    looked,
    name_and_phone,
    overview,
    password,
)

routers = [
    overview.router,
    details.router,
    log_ins.router,
    looked.router,
    data_copy.router,
    password.router,
    name_and_phone.router,
    closing.router,
]
