"""The protocol for people: plain text and a page to print, both in both languages, with room for signatures.

Nothing here is signed; `ceremony verify` makes both again from the signed protocol and compares.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterable
from dataclasses import dataclass

from core.clock import SHANGHAI
from core.text import Text
from keys.ceremony.canonical import digest
from keys.ceremony.model import KIND_NAMES, ROLE_NAMES, STEPS, Issued, Person, Step
from keys.ceremony.protocol import READABLE_FILES, SIGNATURE_FILE, Protocol

_RULE = "_" * 24
_STYLE = (
    "body{font:11pt/1.5 'Noto Sans CJK SC','Microsoft YaHei',sans-serif;max-width:19cm;margin:1.5cm auto;color:#111}"
    "h1{font-size:16pt}h2{font-size:12pt;border-bottom:1px solid #999;margin-top:1.2em}"
    "dl{display:grid;grid-template-columns:5.5cm 1fr;gap:.15em .6em;margin:0}dt{color:#444}dd{margin:0;font-size:10pt;"
    "overflow-wrap:anywhere}.sign dt,.sign dd{padding-top:.9cm}.sign dd{border-bottom:1px solid #111}"
    "@media print{h2{break-after:avoid}dd{break-inside:avoid}}"
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and rows of what is said and its value."""

    title: Text
    rows: tuple[tuple[str, str], ...]
    signing: bool = False


def readable(protocol: Protocol) -> dict[str, bytes]:
    """The readable files of a protocol, by their names."""
    sections = tuple(_sections(protocol))
    title = Text(
        f"根证书密钥仪式记录 第 {protocol.number} 号：{KIND_NAMES[protocol.kind].zh}",
        f"Root key ceremony, protocol {protocol.number}: {KIND_NAMES[protocol.kind].en}",
    )
    return dict(zip(READABLE_FILES, (_as_text(title, sections), _as_page(title, sections)), strict=True))


def _sections(protocol: Protocol) -> Iterable[Section]:
    yield Section(Text("概况", "Summary"), tuple(_summary(protocol)))
    yield Section(Text("参加人员", "People"), tuple(_person(person) for person in protocol.people))
    yield Section(Text("计算机", "Machine"), tuple(_machine(protocol)))
    yield Section(Text("根证书", "Root certificate"), tuple(_root(protocol)))
    yield Section(Text("密钥分片", "Shares"), tuple(_sharing(protocol)))
    if protocol.inputs:
        yield Section(Text("输入文件（SHA-256）", "Files brought in (SHA-256)"), tuple(protocol.inputs.items()))
    yield Section(Text("输出文件（SHA-256）", "Files made (SHA-256)"), tuple(protocol.outputs.items()))
    yield Section(Text("根证书签发登记", "Register of the root"), tuple(_register(protocol)))
    yield Section(Text("经过", "What happened"), tuple(_events(protocol)))
    yield Section(Text("参加人员声明", "Acknowledgements"), tuple(_acknowledgements(protocol)))
    signatures = tuple((_person(person)[0], "") for person in protocol.people)
    yield Section(Text("亲笔签名和日期", "Signatures by hand, and date"), signatures, signing=True)


def _summary(protocol: Protocol) -> Iterable[tuple[str, str]]:
    yield "地点 / Place", protocol.place
    yield "开始 / Began", _moment(protocol.began)
    yield "结束 / Ended", _moment(protocol.ended)
    yield "步骤 / Steps", " → ".join(f"{step.title.zh} {step.title.en}" for step in STEPS[protocol.kind])
    yield "上一份记录 / Protocol before", protocol.previous or "—"
    yield "本记录摘要 / Digest of this protocol", digest(protocol.to_bytes())
    yield "电子签名 / Signature", f"{SIGNATURE_FILE}（根密钥 / by the root's key）"


def _person(person: Person) -> tuple[str, str]:
    roles = "，".join(f"{ROLE_NAMES[role].zh} {ROLE_NAMES[role].en}" for role in person.roles)
    return f"{person.name}（{roles}）", person.organisation or "—"


def _machine(protocol: Protocol) -> Iterable[tuple[str, str]]:
    machine = protocol.machine
    yield "程序摘要 / Digest of the program", machine.program
    yield "版本 / Versions", ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    yield "启用的网络 / Networks that were up", ", ".join(machine.networks) or "无 / none"
    yield "交换分区 / Swap", "启用 / ON" if machine.swap else "未启用 / off"
    yield "随机数发生器 / Random generator", "就绪 / ready" if machine.random_ready else "未就绪 / NOT ready"


def _root(protocol: Protocol) -> Iterable[tuple[str, str]]:
    root = protocol.root
    yield "名称 / Subject", root.subject
    yield "SHA-256", root.sha256
    yield "算法 / Algorithm", f"{root.algorithm}, {root.bits} bit"
    yield "有效期 / Valid", f"{_moment(root.not_before)} — {_moment(root.not_after)}"
    yield (
        "保管 / Custody",
        {"software": "离线文件 / sealed file"}.get(root.custody, f"密码设备 / token ({root.custody})"),
    )


def _sharing(protocol: Protocol) -> Iterable[tuple[str, str]]:
    sharing = protocol.sharing
    total = len(sharing.holders)
    yield "套号 / Set", sharing.set_id
    yield "恢复所需 / Needed", f"{total} 个中的 {sharing.threshold} 个 / {sharing.threshold} of {total}"
    for holder in sharing.holders:
        yield f"{holder.index}  {holder.name}", f"SHA-256 {holder.fingerprint}"


def _register(protocol: Protocol) -> Iterable[tuple[str, str]]:
    yield "吊销列表编号 / Number of the revocation list", str(protocol.crl_number)
    for one in protocol.issued:
        yield f"{one.name}  {one.serial}", _certificate(one)


def _certificate(one: Issued) -> str:
    until = f"有效至 / until {_moment(one.not_after)}"
    ended = f"；已吊销 / revoked {_moment(one.revoked_at)} ({one.reason})" if one.revoked_at else ""
    return f"{one.subject}；{until}；SHA-256 {one.sha256}{ended}"


def _events(protocol: Protocol) -> Iterable[tuple[str, str]]:
    titles: dict[str, Step] = {step.name: step for step in STEPS[protocol.kind]}
    for event in protocol.events:
        step = titles[event.step].title if event.step in titles else Text(event.step, event.step)
        who = f"{event.who}：" if event.who else ""
        answer = f" → {event.answer}" if event.answer else ""
        yield f"{_moment(event.at)}  {step.zh} {step.en}", f"{who}{event.text.zh} / {event.text.en}{answer}"


def _acknowledgements(protocol: Protocol) -> Iterable[tuple[str, str]]:
    for one in protocol.acknowledgements:
        yield f"{one.name}  {_moment(one.at)}", f"{one.text.zh} / {one.text.en}"


def _as_text(title: Text, sections: Iterable[Section]) -> bytes:
    lines = [title.zh, title.en]
    for section in sections:
        lines += ["", f"== {section.title.zh} / {section.title.en}"]
        for name, value in section.rows:
            lines += ["", f"{name}", f"    {_RULE}    {_RULE}"] if section.signing else [f"{name}: {value}"]
    return ("\n".join(_one_line(line) for line in lines) + "\n").encode()


def _as_page(title: Text, sections: Iterable[Section]) -> bytes:
    body = [f"<h1>{html.escape(title.zh)}<br>{html.escape(title.en)}</h1>"]
    for section in sections:
        rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in section.rows)
        kind = ' class="sign"' if section.signing else ""
        body.append(f"<h2>{html.escape(section.title.zh)} / {html.escape(section.title.en)}</h2><dl{kind}>{rows}</dl>")
    head = f'<meta charset="utf-8"><title>{html.escape(title.zh)}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="zh-CN"><head>{head}</head><body>{"".join(body)}</body></html>\n'.encode()


def _one_line(text: str) -> str:
    """A text of several lines must not look like rows of its own."""
    return " ".join(text.split("\n")) if text.strip() else text


def _moment(moment: dt.datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S +08:00")
