"""Believable views of the administrators' pages, made from life lines as the real page makes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from api.web.life_lines import figures, headline, line_row
from api.web.time_axis import TimeAxis
from api.web.views.administration import AdminKeysView, Figure, Proposal
from core.clock import SHANGHAI
from core.text import Text
from keys.horizon.model import Kind, Lifeline, Renewal, Span, SpanState
from keys.horizon.outlook import Outlook, outlook
from tests.unit.web.page_samples import NOW

DRILL = Figure(Text("最近一次恢复演练", "Last restore drill"), "12", Text("天前，通过", "days ago, passed"))
_STOPS = Text("该局盖不了章，批量签发会停。", "the bureau cannot seal, and bulk issuing stops.")
_FORMER, _ACTIVE, _NEXT = SpanState.FORMER, SpanState.ACTIVE, SpanState.NEXT


def day(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def line(
    name: str,
    zh: str,
    en: str,
    kind: Kind,
    spans: Sequence[tuple[SpanState, str, str | None]],
    renewal: Renewal,
    margin: int = 30,
    detail: Text | str = "ES256",
) -> Lifeline:
    """A life line whose renewer has to act `margin` days before its end."""
    made = tuple(Span(state, day(start), day(end) if end else None) for state, start, end in spans)
    ends = next(span.end for span in made if span.state is _ACTIVE)
    act_by = ends - dt.timedelta(days=margin) if ends else None
    said = detail if isinstance(detail, Text) else Text(detail, detail)
    return Lifeline(name, kind, Text(zh, en), said, made, ends, act_by, renewal, _STOPS)


LINES = (
    line(
        "certificate/1",
        "住房保障局印章证书",
        "Seal of the Housing Bureau",
        Kind.SEAL,
        [(_ACTIVE, "2025-12-16", "2026-12-16")],
        Renewal.TWO_PEOPLE,
        detail=Text("ES256 · 印章 4101990000017", "ES256 · seal 4101990000017"),
    ),
    line(
        "tsa/1",
        "时间戳签名证书",
        "Timestamp certificate",
        Kind.TIMESTAMP,
        [(_ACTIVE, "2025-09-01", "2027-02-28"), (_NEXT, "2027-01-29", "2029-01-29")],
        Renewal.AUTOMATIC,
        detail="RS256 3072 · tsa/1",
    ),
    line(
        "key/oidc.es256",
        "登录令牌签名密钥",
        "Key of log-in tokens",
        Kind.TOKEN_KEY,
        [(_FORMER, "2026-07-20", "2026-10-20"), (_ACTIVE, "2026-10-17", "2027-01-23")],
        Renewal.AUTOMATIC,
        detail="ES256 · oidc.es256",
    ),
    line(
        "ocsp/seals",
        "OCSP 应答证书（印章）",
        "OCSP responder, seals",
        Kind.RESPONDER,
        [(_ACTIVE, "2026-11-01", "2027-01-27")],
        Renewal.AUTOMATIC,
        detail="ES256 · ocsp/seals",
    ),
    line(
        "crl/seals",
        "吊销列表（印章）",
        "Revocation list, seals",
        Kind.CRL,
        [(_ACTIVE, "2026-11-22", "2026-11-24")],
        Renewal.AUTOMATIC,
        0,
        detail="CRL 118",
    ),
    line(
        "certificate/2",
        "示例政务 CA（印章）",
        "Example seal authority",
        Kind.AUTHORITY,
        [(_ACTIVE, "2021-01-04", "2031-01-04")],
        Renewal.CEREMONY,
        detail="ES256 · ca.seals",
    ),
    line(
        "certificate/3",
        "示例政务根",
        "Example root",
        Kind.AUTHORITY,
        [(_ACTIVE, "2020-01-04", "2040-01-04")],
        Renewal.CEREMONY,
        detail=Text("ES384 · 离线保管", "ES384 · kept offline"),
    ),
    line(
        "key/field",
        "字段加密密钥",
        "Field encryption key",
        Kind.SECRET,
        [(_ACTIVE, "2026-03-01", None)],
        Renewal.AUTOMATIC,
    ),
)


def admin_view(
    found: Outlook, *, proposals: Sequence[Proposal] = (), renew: str | None = None, next_href: str | None = None
) -> AdminKeysView:
    axis = TimeAxis.around(found.now)
    title, below = headline(found, to_confirm=sum(one.may_confirm for one in proposals))
    return AdminKeysView(
        title,
        below,
        figures(found, drill=DRILL),
        axis.ticks(),
        axis.x(found.now),
        tuple(line_row(one, axis, may_propose=one.id != renew) for one in found.lines),
        tuple(proposals),
        renew,
        Text("提出续发这张证书", "Propose its renewal"),
        None,
        next_href,
    )


_ALARM = outlook(LINES, NOW)
_CALM = outlook(LINES[1:], NOW)
_PROPOSAL = Proposal(
    "ren_1",
    Text("住房保障局印章证书", "Seal of the Housing Bureau"),
    Text("许衡 2026-11-23 09:12 提出", "proposed by 许衡, 2026-11-23 09:12"),
    may_confirm=True,
    may_withdraw=False,
)

SAMPLES: Mapping[str, tuple[str, object, str | None]] = {
    "admin-keys": ("admin_keys.html", admin_view(_ALARM, renew="certificate/1", next_href="?after=x"), "administrator"),
    "admin-keys-calm": ("admin_keys.html", admin_view(_CALM), "administrator"),
    "admin-keys-empty": ("admin_keys.html", admin_view(outlook((), NOW)), "administrator"),
    "admin-keys-proposed": ("admin_keys.html", admin_view(_ALARM, proposals=[_PROPOSAL]), "administrator"),
}
