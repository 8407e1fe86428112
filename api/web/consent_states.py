"""What has become of a consent, as its holder sees it."""

from __future__ import annotations

from collections.abc import Mapping

from api.web.views.common import Tone
from certstore.model import ConsentState
from core.text import Text

STATES: Mapping[ConsentState, tuple[Tone, str, Text]] = {
    ConsentState.PENDING: ("warn", "clock", Text("等您决定", "open")),
    ConsentState.GRANTED: ("good", "check", Text("已同意", "agreed")),
    ConsentState.REFUSED: ("", "no", Text("未同意", "refused")),
    ConsentState.WITHDRAWN: ("", "no", Text("已撤回", "withdrawn")),
    ConsentState.EXPIRED: ("", "clock", Text("已到期", "ended")),
}
