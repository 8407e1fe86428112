"""What a SCIM client did wrong, with the detail error keyword of RFC 7644 §3.12."""

from __future__ import annotations

from typing import Literal

from core.errors import InvalidInput, NotFound
from core.text import Text

ScimType = Literal[
    "invalidFilter", "invalidSyntax", "invalidPath", "noTarget", "invalidValue", "mutability", "uniqueness"
]


class ScimRefused(InvalidInput):
    """A request that cannot be carried out as it stands; `why` is for the client's developers and holds no value."""

    def __init__(self, scim_type: ScimType, why: str) -> None:
        super().__init__("scim-refused", Text(why, why))
        self.scim_type = scim_type


def resource_not_found() -> NotFound:
    return NotFound("scim-resource-not-found", Text("没有这个资源。", "There is no such resource."))
