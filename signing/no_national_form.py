"""A house whose seals have the international form alone."""

from __future__ import annotations

from core.errors import Conflict
from core.text import Text
from signing.model import Seal
from signing.ports import NationalSigner, NationalSigners


class NoNationalForm:
    """Implements `signing.ports.NationalSigners`: no seal has one."""

    async def of(self, seal: Seal) -> NationalSigner:
        raise Conflict(
            "seal-form-missing",
            Text(
                "这枚印章没有国密形式，没有盖章。请换一枚，或按国际格式盖。",
                "This seal has no national form; nothing was sealed. Use another seal, or the international form.",
            ),
        )


_: type[NationalSigners] = NoNationalForm
