"""What the pages of registration are tried with."""

from __future__ import annotations

from api.web.puzzles import PuzzleView
from api.web.views.registering import RegisterView
from core.identifiers.documents import NAMES
from tests.unit.web.page_samples import PORTAL, WRONG

_KINDS = tuple((kind.value, name) for kind, name in NAMES.items())
_TYPED = {"kind": "passport", "id_number": "K1234567E<b>", "issuer": "SGP", "name": "<i>Mary</i>", "phone": "139"}

SAMPLES = {
    "register": ("open_account.html", RegisterView("who", "/open-account", "/login", kinds=_KINDS), None),
    **{
        f"register-{name}": (
            "open_account.html",
            RegisterView(
                "who", "/open-account", "/login", PORTAL, _KINDS, _TYPED, error=WRONG, error_field=name or None
            ),
            None,
        )
        for name in ("id_number", "issuer", "name", "phone", "password", "agreed", "")
    },
    "register-puzzle": (
        "open_account.html",
        RegisterView(
            "who", "/open-account", "/login", kinds=_KINDS, error=WRONG, puzzle=PuzzleView("token", "name", 16)
        ),
        None,
    ),
    "register-code": (
        "open_account.html",
        RegisterView("code", "/open-account/code?r=1", "/login", masked_phone="139 **** 0001", demo=True),
        None,
    ),
    "register-code-wrong": (
        "open_account.html",
        RegisterView("code", "/open-account/code?r=1", "/login", error=WRONG, error_field="code"),
        None,
    ),
    "register-source": (
        "open_account.html",
        RegisterView("source", "/open-account/code?r=1", "/login", error=WRONG),
        None,
    ),
    "register-done": ("open_account.html", RegisterView("done", "/login", "/login"), None),
}
