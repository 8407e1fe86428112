"""Life lines of the keys in the ring that have no certificate: of tokens, fields, digests and statements.

Keys with a certificate (seals, authorities, responders, time-stamps) end with it and are told by their certificates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from core.text import Text
from keys.horizon.model import Kind, Lifeline, Renewal, Span, SpanState
from keys.ports import KeyRecord
from keys.rotation.policy import RotationPolicies
from keys.spec import SECRETS, KeyState, SecretKind, certified

_GRACE = dt.timedelta(days=1)
_NAMES: Mapping[str, Text] = {
    "oidc.es256": Text("登录令牌签名密钥", "Key of log-in tokens"),
    "oidc.rs256": Text("登录令牌签名密钥（RSA）", "Key of log-in tokens (RSA)"),
    "oidc.enc.p256": Text("对方加密给我们用的密钥", "Key that others encrypt to"),
    "oidc.access": Text("访问令牌密封密钥", "Key that seals access tokens"),
    "oidc.upstream": Text("向上级身份认证证明自己的密钥", "Key that proves us to upstream providers"),
    "oidc.pairwise": Text("假名密钥", "Key of pseudonyms"),
    "field.people": Text("人员信息加密密钥", "Key of people's data"),
    "field.licences": Text("证照信息加密密钥", "Key of licence data"),
    "field.documents": Text("文件加密密钥", "Key of stored documents"),
    "field.shortlived": Text("临时数据加密密钥", "Key of short-lived data"),
    "field.data": Text("旧字段加密密钥", "Former field encryption key"),
    "field.index": Text("旧索引密钥", "Former index key"),
    "index.people": Text("人员索引密钥", "Index key of people"),
    "index.licences": Text("证照索引密钥", "Index key of licences"),
    "secret.tokens": Text("令牌摘要密钥", "Key of token digests"),
    "licence.es256": Text("亮证与证照状态签名密钥", "Key of shown licences and their states"),
    "statement.trust": Text("信任列表签名密钥", "Key of the trust list"),
    "statement.backup": Text("备份签名密钥", "Key of backups"),
    "statement.audit": Text("审计检查点签名密钥", "Key of audit checkpoints"),
    "statement.signatures": Text("用印公开日志签名密钥", "Key of the public log of signatures"),
}
_FAMILIES: Sequence[tuple[str, Text]] = (
    ("oidc.", Text("登录令牌密钥", "Key of log-in tokens")),
    ("field.", Text("字段加密密钥", "Field encryption key")),
    ("index.", Text("索引密钥", "Index key")),
    ("secret.", Text("摘要密钥", "Key of digests")),
    ("statement.", Text("声明签名密钥", "Key of statements")),
)
_STAKE = Text(
    "不轮换，旧密钥会一直用下去，泄露的后果也就一直在。",
    "unless it rotates, the old key stays in use and so does the damage of a leak.",
)


_SHOWN: dict[str, str] = {SecretKind.USUAL: "AES-256", SecretKind.NATIONAL: "SM4"}


class KeyRecords(Protocol):
    """The part of the ring that is asked."""

    def records(self) -> Sequence[KeyRecord]: ...


class RingLines:
    """Implements `keys.horizon.survey.LifelineSource`."""

    def __init__(self, ring: KeyRecords, policies: RotationPolicies) -> None:
        self._ring = ring
        self._policies = policies

    async def lines(self, now: dt.datetime) -> Sequence[Lifeline]:
        by_purpose: dict[str, list[KeyRecord]] = {}
        for record in self._ring.records():
            if not certified(record.purpose):
                by_purpose.setdefault(record.purpose, []).append(record)
        return [self._line(purpose, records) for purpose, records in sorted(by_purpose.items())]

    def _line(self, purpose: str, records: Sequence[KeyRecord]) -> Lifeline:
        active = next((one for one in records if one.state is KeyState.ACTIVE), None)
        policy = self._policies.of(purpose)
        ends = active.state_since + policy.active_for if active and policy else None
        spans = [span for record in records if (span := _span(record, ends))]
        algorithm = records[0].algorithm
        shown = _SHOWN.get(algorithm, algorithm)
        return Lifeline(
            id=f"key/{purpose}",
            kind=Kind.SECRET if algorithm in SECRETS else Kind.TOKEN_KEY,
            name=name_of(purpose),
            detail=Text(f"{shown} · {purpose}", f"{shown} · {purpose}"),
            spans=tuple(sorted(spans, key=lambda span: (span.start, span.state.value))),
            ends=ends,
            act_by=ends + _GRACE if ends else None,
            renewal=Renewal.AUTOMATIC,
            stake=_STAKE,
        )


def name_of(purpose: str) -> Text:
    """What people call the keys of a purpose."""
    if purpose in _NAMES:
        return _NAMES[purpose]
    family = next((name for prefix, name in _FAMILIES if purpose.startswith(prefix)), None)
    return family or Text(purpose, purpose)


def _span(record: KeyRecord, ends: dt.datetime | None) -> Span | None:
    if record.state is KeyState.ACTIVE:
        return Span(SpanState.ACTIVE, record.state_since, ends)
    if record.state is KeyState.NEXT:
        return Span(SpanState.NEXT, ends or record.created_at, None)
    if record.state is KeyState.VERIFY_ONLY:
        return Span(SpanState.FORMER, record.created_at, record.state_since)
    return None
