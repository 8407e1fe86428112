"""Names of the authorities that issued some licences, each asked for once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from certstore.model import Licence
from certstore.ports import OrganisationDirectory
from core.text import Text


async def issuer_names(organisations: OrganisationDirectory, licences: Iterable[Licence]) -> Mapping[str, Text]:
    """By code; an organisation that is not registered (any more) is named by its code."""
    codes = dict.fromkeys(licence.issuer for licence in licences)
    return {code: await organisations.name(code) or Text(code, code) for code in codes}
