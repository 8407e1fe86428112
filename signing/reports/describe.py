"""What the readable report says of a verification, both languages side by side (pure)."""

from __future__ import annotations

import base64
import datetime as dt
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from core.clock import SHANGHAI
from core.text import Text
from signing.reports.model import Findings
from signing.verification.change_words import object_words, revision_title, revision_verdict
from signing.verification.etsi_report import etsi_report
from signing.verification.report import (
    NOBODY,
    Conclusion,
    RevisionReport,
    SignatureReport,
    Step,
    TimestampReport,
    VerificationReport,
)
from signing.verification.stamp_report import NationalStamp

Told = dict[str, Any]
Tone = Literal["good", "bad", "old"]

_MOST_SIGNATURES = 20
_MOST_CHANGES, _MOST_OBJECTS = 6, 12
_MOST_FILE_NAME = 80
_HEADLINES: Mapping[Conclusion, tuple[Tone, Text]] = {
    "genuine": ("good", Text("真实，未改动", "Genuine, unchanged")),
    "annotated": ("old", Text("真实，有批注", "Genuine, annotated")),
    "changed": ("bad", Text("盖章后被改动", "Changed after sealing")),
    "unknown-signer": ("old", Text("认不出盖章人", "Unknown signer")),
    "not-signed": ("old", Text("没有电子签名", "Not signed")),
    "not-a-pdf": ("old", Text("不是完整的 PDF", "Not a complete PDF")),
    "not-an-ofd": ("old", Text("不是可核验的 OFD", "Not an OFD to be checked")),
    "empty": ("old", Text("文件是空的", "The file is empty")),
    "undecided": ("old", Text("现在判断不了", "Cannot be judged now")),
}
_BROKEN = Text("签名不成立", "The signature does not hold")
_ENDED = Text("印章或证书已失效", "Seal or certificate no longer good")
_SOURCES: Mapping[str, Text] = {
    "own-register": Text("本系统登记", "our own register"),
    "ocsp": Text("OCSP 应答", "an OCSP response"),
    "crl": Text("吊销列表", "a revocation list"),
    "not-needed": Text("无需查询", "not needed"),
}


def describe(report: VerificationReport, *, file_name: str, operator: Text, address: str) -> Findings:
    """
    Args:
        file_name: as whoever brought the file calls it; empty when they did not say.
        operator: who runs the service.
        address: where anybody can have the same file, and this report, verified.
    """
    tone, headline = _headline(report)
    signatures = report.signatures[:_MOST_SIGNATURES]
    told: Told = {
        "operator": _both(operator),
        "address": address,
        "tone": tone,
        "headline": _both(headline),
        "sentence": _both(_without_head(report.text)),
        "notices": [_both(one) for one in report.notices],
        "indication": report.indication,
        "sub_indication": report.sub_indication,
        "verified_at": _moment(report.verified_at),
        "date": _date(report.verified_at),
        "file": [
            *([_row("文件名", "File", file_name[:_MOST_FILE_NAME])] if file_name else []),
            _row("大小", "Size", f"{report.size:,} B"),
            _row("SHA-256", "SHA-256", report.digest, mono=True),
            *([_row("拒绝原因", "Refused for", report.refusal, mono=True)] if report.refusal else []),
            _row("签名", "Signatures", str(len(report.signatures))),
        ],
        "signatures": [_signature(number, one) for number, one in enumerate(signatures, 1)],
        "left_out": len(report.signatures) - len(signatures),
        "stamps": [_stamp(one) for one in report.timestamps],
        "steps": [] if signatures else [_step(one) for one in report.steps if one.passed is not None],
        "changes": [
            {
                "page": one.page,
                "before": one.before,
                "now": one.now,
                "pictures": [_picture(one.pictures.before), _picture(one.pictures.difference)] if one.pictures else [],
            }
            for one in report.changes[:_MOST_CHANGES]
        ],
        "revisions": [_revision(one) for one in report.revisions],
        "later": report.later_revisions,
    }
    return Findings(told, etsi_report(report))


def _headline(report: VerificationReport) -> tuple[Tone, Text]:
    tone, words = _HEADLINES[report.conclusion]
    sub = report.sub_indication or ""
    if report.conclusion == "changed" and report.signed_revision is None and not report.altered:
        return tone, _BROKEN
    if report.conclusion == "unknown-signer" and sub.startswith("REVOKED"):
        return tone, _ENDED
    if report.conclusion == "unknown-signer" and sub == "TRY_LATER":
        return tone, _HEADLINES["undecided"][1]
    return tone, words


def _without_head(text: Text) -> Text:
    """The sentence without the words that stand above it already."""

    def rest(words: str, colon: str) -> str:
        head, found, tail = words.partition(colon)
        return tail[:1].upper() + tail[1:] if found and len(head) < 40 else words

    return Text(rest(text.zh, "："), rest(text.en, ": "))


def _signature(number: int, one: SignatureReport) -> Told:
    name = one.organisation or one.seal_name
    title = Text(f"第 {number} 个签名：{name or NOBODY.zh}", f"Signature {number}: {name or NOBODY.en}")
    if name and one.conclusion == "unknown-signer":
        title = Text(f"第 {number} 个签名：自称“{name}”", f'Signature {number}: calls itself "{name}"')
    return {
        "title": _both(title),
        "tone": "good" if one.indication == "TOTAL-PASSED" else "bad" if one.conclusion == "changed" else "old",
        "indication": one.indication,
        "sub_indication": one.sub_indication,
        "rows": list(_rows(one)),
        "steps": [_step(step) for step in one.steps],
        "national": _national(one.national) if one.national else None,
        "stamps": [_stamp(stamp) for stamp in one.timestamps],
        "certificates": _certificates(one),
    }


def _rows(one: SignatureReport) -> Iterator[Told]:
    if one.seal_name:
        yield _row("印章", "Seal", one.seal_name)
    if one.seal_code:
        yield _row("印章编码", "Seal code", one.seal_code)
    if one.organisation_code:
        yield _row("统一社会信用代码", "Organisation code", one.organisation_code)
    if one.signed_at:
        yield _row("自称的时间", "Time claimed", _moment(one.signed_at))
    if one.proven_at:
        yield _row("证明的时间", "Time proven", _moment(one.proven_at))
    if one.known_seal and one.known_seal.recorded_at:
        yield _row("用印登记", "On record since", _moment(one.known_seal.recorded_at))
    if one.level:
        yield _row("等级", "Level", one.level + (f" · {one.algorithm}" if one.algorithm else ""))
    if one.reason:
        yield _row("事由", "Reason", one.reason)
    if one.vouched_by:
        yield {**_row("谁担保", "Vouched for by", ""), "value": _both(one.vouched_by)}


def _certificates(one: SignatureReport) -> list[Told]:
    """The path, the seal's own certificate first."""
    evidence = {item.evidence.certificate: item.evidence for item in one.revocation}
    found = one.path or ((one.certificate,) if one.certificate else ())
    out = []
    for place, der in enumerate(found):
        certificate = x509.load_der_x509_certificate(der)
        fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
        said = evidence.get(fingerprint)
        anchor = bool(one.path) and place == len(found) - 1
        out.append(
            {
                "subject": _name(certificate.subject),
                "issuer": _name(certificate.issuer),
                "from": certificate.not_valid_before_utc.astimezone(SHANGHAI).strftime("%Y-%m-%d"),
                "until": certificate.not_valid_after_utc.astimezone(SHANGHAI).strftime("%Y-%m-%d"),
                "fingerprint": fingerprint,
                "state": _both(_state(anchor, said.revoked_at if said else None, said.source if said else None)),
            }
        )
    return out


def _state(anchor: bool, revoked_at: dt.datetime | None, source: str | None) -> Text:
    if anchor:
        return Text("信任列表上的起点", "anchor on the trust list")
    if source is None:
        return Text("没有查吊销", "revocation not looked up")
    by = _SOURCES[source]
    if revoked_at is not None:
        return Text(f"{_moment(revoked_at)} 吊销（{by.zh}）", f"revoked {_moment(revoked_at)} ({by.en})")
    return Text(f"没有吊销（{by.zh}）", f"not revoked ({by.en})")


def _name(name: x509.Name) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(kind):
            return str(attribute.value)[:120]
    return name.rfc4514_string()[:120]


def _stamp(one: TimestampReport) -> Told:
    return {
        "time": _moment(one.time) if one.time else "—",
        "good": one.good,
        "authority": (one.authority or "")[:160],
        "reason": _both(one.reason) if one.reason else None,
    }


def _step(step: Step) -> Told:
    return {"number": int(step.number), "name": _both(step.name), "passed": step.passed, "text": _both(step.text)}


def _national(stamp: NationalStamp) -> Told:
    rows = [("依据", "Structure by", stamp.edition), ("印章标识", "Seal id (esID)", stamp.seal_id)]
    rows += [("印章名称", "Seal", stamp.seal_name), ("制章人", "Maker of the seal", stamp.maker)]
    if stamp.valid_from and stamp.valid_until:
        rows.append(
            ("印章有效期", "Seal valid", f"{_moment(stamp.valid_from)[:10]} – {_moment(stamp.valid_until)[:10]}")
        )
    return {
        "rows": [_row(zh, en, value) for zh, en, value in rows if value],
        "steps": [
            {"number": one.number, "name": _both(one.name), "state": one.state, "text": _both(one.text)}
            for one in stamp.steps
        ],
    }


def _revision(one: RevisionReport) -> Told:
    return {
        "title": _both(revision_title(one)),
        "verdict": _both(revision_verdict(one)),
        "tone": "bad" if not one.allowed else "old" if one.visible else "good",
        "objects": [_both(object_words(change)) for change in one.objects[:_MOST_OBJECTS]],
    }


def _picture(png: bytes) -> dict[str, str]:
    """A picture as it can stand among data: a drawing of nothing but it."""
    width, height = struct.unpack(">II", png[16:24])  # ISO/IEC 15948 §11.2.2
    data = base64.b64encode(png).decode()
    return {
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
    }


def _row(zh: str, en: str, value: str, *, mono: bool = False) -> Told:
    return {"label": {"zh": zh, "en": en}, "value": value, "mono": mono}


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _moment(moment: dt.datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _date(moment: dt.datetime) -> Sequence[int]:
    local = moment.astimezone(SHANGHAI)
    return (local.year, local.month, local.day)
