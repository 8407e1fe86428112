"""`/v1/statistics`: a department's own figures, by month, service item and licence type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request

from api.deps import caller, container
from api.routes.certstore.shapes import text_out
from certstore.statistics.model import Measure
from core.principal import Principal
from core.text import Text

router = APIRouter(prefix="/v1", tags=["statistics"])


@router.get("/statistics")
async def statistics(
    request: Request, actor: Annotated[Principal, Depends(caller)], months: int = 12
) -> dict[str, Any]:
    """Counts of the last months; nobody is named in them."""
    found = await container(request).own.statistics(actor, months=months)
    return {
        "months": [f"{one:%Y-%m}" for one in found.months],
        "totals": found.totals,
        "by_month": {measure: list(counts) for measure, counts in found.by_month.items()},
        "by_service_item": [_row(name, counts) for name, counts in found.by_item],
        "by_type": [_row(name, counts) for name, counts in found.by_type],
        "refusals": [{"code": code, "count": count} for code, count in found.refusals],
        "freshness": [
            {
                "type": {"code": one.type_code, "name": text_out(one.type_name)},
                "last_change": one.last_change,
                "changes_in_30_days": one.changes,
            }
            for one in found.freshness
        ],
        "ending": [
            {"month": f"{month:%Y-%m}", "count": count} for month, count in zip(found.ahead, found.ending, strict=True)
        ],
        "counted_until": found.counted_until,
    }


def _row(name: Text, counts: Mapping[Measure, int]) -> dict[str, Any]:
    return {"name": text_out(name), "counts": {measure: count for measure, count in counts.items() if count}}
