"""What a deployment lacks for 密评 (GB/T 39786-2021), check by check: pure, from the facts alone.

This is what the program can see of itself. It is no assessment, which institutions make that may (商用密码检测机构),
and no certificate of a product (GB/T 37092); it says so wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from api.cli import miping_around as around
from api.cli.miping_model import MODULE, Check, Layer, State
from api.wiring.cryptography import CryptographyFacts
from core.text import Text
from keys.ports import KeyRecord
from keys.profile import Profile
from keys.secrets.purposes import FIELD_PURPOSES, FORMER_FIELDS, FORMER_INDEX, INDEX_PURPOSES
from keys.spec import SECRETS, KeyState, SecretKind


def checks(facts: CryptographyFacts) -> Sequence[Check]:
    """Every check, always all of them and in the same order."""
    return [check(facts) for check in _CHECKS]


def _profile(facts: CryptographyFacts) -> Check:
    state = {Profile.NATIONAL: State.MET, Profile.BOTH: State.PARTLY}.get(facts.profile, State.LACKING)
    remedy = Text(
        "把 YIZHENG_PROFILE 设为 national（或 both），再看下面各项。",
        "Set YIZHENG_PROFILE to national (or both), then look at the lines below.",
    )
    found = Text(f"密码配置是 {facts.profile}。", f"The profile is {facts.profile}.")
    return Check("profile", Layer.APPLICATION, state, found, None if state is State.MET else remedy)


def _library(facts: CryptographyFacts) -> Check:
    if facts.library is None:
        found = Text(
            "系统的 libcrypto 没有 SM2，或早于 3.0。", "The system's libcrypto has no SM2, or is older than 3.0."
        )
        remedy = Text("安装带 SM2、SM3 的 OpenSSL 3。", "Install an OpenSSL 3 that has SM2 and SM3.")
        return Check("algorithm-library", Layer.EQUIPMENT, State.LACKING, found, remedy)
    found = Text(
        f"SM2、SM3 由 {facts.library} 计算；它不是经认证的密码模块。",
        f"SM2 and SM3 are computed by {facts.library}, which is no certified module.",
    )
    return Check("algorithm-library", Layer.EQUIPMENT, State.PARTLY, found, MODULE)


def _data_keys(facts: CryptographyFacts) -> Check:
    purposes = (*FIELD_PURPOSES, *INDEX_PURPOSES)
    active = [one for one in facts.records if one.purpose in purposes and one.state is KeyState.ACTIVE]
    usual = sorted(one.purpose for one in active if one.algorithm == SecretKind.USUAL)
    found = Text(
        f"{len(active) - len(usual)} 个数据密钥和索引密钥用 SM4、SM3，{len(usual)} 个用 AES、SHA-256。",
        f"{len(active) - len(usual)} data and index keys are for SM4 and SM3, {len(usual)} for AES and SHA-256.",
    )
    remedy = Text(
        f"依次运行 yizheng keys rotate：{'、'.join(usual)}；再运行 yizheng keys reencrypt。",
        f"Run yizheng keys rotate for {', '.join(usual)}, then yizheng keys reencrypt.",
    )
    state = State.MET if not usual else State.PARTLY if len(usual) < len(active) else State.LACKING
    return Check("data-keys", Layer.APPLICATION, state, found, remedy if usual else None)


def _stored_values(facts: CryptographyFacts) -> Check:
    purposes = (*FIELD_PURPOSES, *INDEX_PURPOSES, FORMER_FIELDS, FORMER_INDEX)
    old = [one for one in facts.records if one.purpose in purposes and one.algorithm == SecretKind.USUAL]
    if not old:
        found = Text("没有存量数据还在 AES 密钥之下。", "Nothing that is stored is under an AES key.")
        return Check("stored-values", Layer.APPLICATION, State.MET, found)
    found = Text(
        f"还保留着 {len(old)} 个 AES 数据密钥，可能仍有存量数据在它们之下。",
        f"{len(old)} data keys for AES are kept, and stored values may be under them still.",
    )
    remedy = Text(
        "数据密钥换成 SM4 后运行 yizheng keys reencrypt，完成后旧密钥按计划停用。",
        "With data keys for SM4 in use run yizheng keys reencrypt; when it is done the old keys retire on schedule.",
    )
    return Check("stored-values", Layer.APPLICATION, State.LACKING, found, remedy)


def _key_store(facts: CryptographyFacts) -> Check:
    place = facts.wrapped
    found = Text(
        "内存密钥在库里由主密钥以 AES-256-GCM 保护；主密钥"
        + (f"由设备（{place}）锁住。" if place else "以明文形式读入。"),
        "Keys in memory rest under the master key by AES-256-GCM; the master key "
        + (f"is locked by a device ({place})." if place else "is read in plain."),
    )
    return Check("key-store", Layer.APPLICATION, State.LACKING, found, MODULE)


def _signing_keys(facts: CryptographyFacts) -> Check:
    signing = [one for one in facts.records if one.algorithm not in SECRETS]
    soft = sorted({one.purpose.partition("/")[0] for one in signing if _is_soft(one)})
    kept = len([one for one in signing if not _is_soft(one)])
    found = Text(
        f"{kept} 个签名密钥在设备里，{len(signing) - kept} 个在软件里" + (f"（{'、'.join(soft)}）。" if soft else "。"),
        f"{kept} signing keys are in a device, {len(signing) - kept} in software"
        + (f" ({', '.join(soft)})." if soft else "."),
    )
    if not soft:
        remedy = Text(
            "请另行出示该设备的商用密码产品认证证书。", "Show the device's certificate as a product otherwise."
        )
        return Check("signing-keys", Layer.EQUIPMENT, State.OUTSIDE, found, remedy)
    return Check("signing-keys", Layer.EQUIPMENT, State.PARTLY if kept else State.LACKING, found, MODULE)


def _is_soft(record: KeyRecord) -> bool:
    return record.uri.startswith("software:")


_CHECKS: tuple[Callable[[CryptographyFacts], Check], ...] = (
    _profile,
    _library,
    _signing_keys,
    _key_store,
    _data_keys,
    _stored_values,
    around.backups,
    around.audit_chain,
    around.log_trees,
    around.token_key,
    around.seal_forms,
    around.certificates,
    around.timestamps,
    around.clock,
    around.passwords,
    around.transport,
    around.management,
)
