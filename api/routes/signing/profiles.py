"""In which form a PDF is sealed, as forms say it (`signing.profiles`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import InvalidInput
from core.text import Text
from signing.profiles import PdfProfile

PROFILE_FIELDS: dict[str, Any] = {
    "profile": {
        "type": "string",
        "enum": [profile.value for profile in PdfProfile],
        "description": "form of the signature: `pades` for viewers all over the world; with SM2: `sm2seal` (national "
        "seal, GB/T 38540), `sm2cms` and `sm2cms-digest` (GM/T 0010); `dual` for the national seal with PAdES around "
        "it. Left out: `sm2seal` for a seal whose own form is the national one (`dual` where `level` is above B-B), "
        "else `pades`",
    },
}


def read_profile(fields: Mapping[str, str]) -> PdfProfile | None:
    """
    Raises:
        InvalidInput: `field-invalid`.
    """
    text = fields.get("profile")
    if not text:
        return None
    if text not in list(PdfProfile):
        names = "、".join(PdfProfile), ", ".join(PdfProfile)
        raise InvalidInput(
            "field-invalid",
            Text(f"profile 应为 {names[0]}。", f"profile must be one of {names[1]}."),
            field="profile",
        )
    return PdfProfile(text)
