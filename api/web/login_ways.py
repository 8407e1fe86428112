"""Which ways to log in the log-in page offers, and where they are; a part that brings one adds it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from api.web.views.entrance import LoginTab, OtherWay
from core.text import Text
from idp.factors.sent_codes import CHANNELS
from idp.login.proofs import Method

if TYPE_CHECKING:
    from api.wiring.container import Container


@dataclass(frozen=True, slots=True)
class Way:
    """A way to log in.

    Attributes:
        path: its page; what it is for is added as the query of the log-in page.
        icon: None for a way with a form of its own, which is a tab.
        works: whether this service offers it.
    """

    method: Method
    path: str
    label: Text
    icon: str | None = None
    works: Callable[[Container], bool] = lambda _: True


def _reaches(method: Method) -> Callable[[Container], bool]:
    return lambda container: CHANNELS[method] in container.idp.messages.reaches


WAYS: Final[tuple[Way, ...]] = (
    Way(Method.PASSWORD, "/login", Text("密码", "Password")),
    Way(Method.SMS, "/login/sms", Text("短信验证码", "Text message"), works=_reaches(Method.SMS)),
    Way(Method.EMAIL, "/login/email", Text("邮件验证码", "E-mail"), works=_reaches(Method.EMAIL)),
    Way(
        Method.PASSKEY,
        "/login/passkey",
        Text("用通行密钥登录", "Log in with a passkey"),
        "finger",
        lambda container: container.idp.keys.party is not None,
    ),
    Way(Method.QR, "/login/qr", Text("用手机扫码登录", "Log in with your phone"), "qr"),
    Way(
        Method.CERTIFICATE,
        "/login/certificate",
        Text("用数字证书登录", "Log in with a certificate"),
        "shield",
        lambda container: container.idp.settings.person_certificates,
    ),
)
"""In the order in which they are shown."""


def tabs(container: Container, query: str, current: Method) -> tuple[LoginTab, ...]:
    """Those with a form; none where there is one only, so that nobody has to choose."""
    found = [way for way in WAYS if way.icon is None and way.works(container)]
    made = tuple(LoginTab(way.label, f"{way.path}{query}", way.method is current) for way in found)
    return made if len(made) > 1 else ()


def others(container: Container, query: str) -> tuple[OtherWay, ...]:
    """Those that begin with a click."""
    return tuple(
        OtherWay(way.icon, way.label, f"{way.path}{query}") for way in WAYS if way.icon and way.works(container)
    )
