"""What a deployment lacks for 密评 around its keys: logs, tokens, seals, certificates, time, transport, people."""

from __future__ import annotations

from api.cli.miping_model import Check, Layer, State
from api.wiring.cryptography import CryptographyFacts
from core.audit.chain import ChainDigest
from core.text import Text
from keys.jose.jwk import NATIONAL_TOKEN_PURPOSES
from keys.profile import Profile


def audit_chain(facts: CryptographyFacts) -> Check:
    if facts.digest is ChainDigest.SM3:
        found = Text(
            f"审计日志从第 {facts.change} 条起按 SM3 相连，之前的记录也有 SM3 摘要（yizheng audit verify 核验）。",
            f"The audit log is chained by SM3 from row {facts.change} on, the rows before it bound under SM3 (yizheng "
            "audit verify proves it).",
        )
        return Check("audit-chain", Layer.APPLICATION, State.MET, found)
    found = Text(
        f"审计日志的 {facts.rows} 条记录按 SHA-256 相连。",
        f"The audit log's {facts.rows} rows are chained by SHA-256.",
    )
    remedy = Text("运行 yizheng audit to-sm3。", "Run yizheng audit to-sm3.")
    return Check("audit-chain", Layer.APPLICATION, State.LACKING, found, remedy)


def log_trees(facts: CryptographyFacts) -> Check:
    found = Text(
        "检查点和公开的签名日志按 RFC 9162、C2SP 用 SHA-256 和 Ed25519，没有国密形式。",
        "Checkpoints and the public log of signatures are by SHA-256 and Ed25519 (RFC 9162, C2SP), without a national "
        "form.",
    )
    remedy = Text(
        "把 yizheng audit verify 打印的链头（编号:摘要）定期另存，它按 SM3 计算。",
        "Keep the head that yizheng audit verify prints (NUMBER:HASH) elsewhere as well: it is by SM3.",
    )
    return Check("log-trees", Layer.APPLICATION, State.LACKING, found, remedy)


def token_key(facts: CryptographyFacts) -> Check:
    found_keys = [one for one in facts.records if one.purpose in NATIONAL_TOKEN_PURPOSES.values()]
    if not found_keys or not facts.profile.national:
        found = Text("没有提供 SM2 签名的令牌。", "Tokens by SM2 are not offered.")
        remedy = Text(
            "把 YIZHENG_PROFILE 设为 national 或 both 并重启，密钥 oidc.sm2 会自动生成。",
            "Set YIZHENG_PROFILE to national or both and restart; the key oidc.sm2 makes itself.",
        )
        return Check("token-key", Layer.APPLICATION, State.LACKING, found, remedy)
    where = (
        Text("软件里", "software")
        if any(one.uri.startswith("software:") for one in found_keys)
        else Text("设备里", "a device")
    )
    found = Text(
        f"要求的客户端可得到 SM2 签名的令牌（密钥在{where.zh}）；其他客户端仍用 ES256、RS256，不透明令牌用 AES。",
        f"Clients that ask get tokens by SM2 (the key is in {where.en}); others have ES256 and RS256, opaque tokens "
        "AES.",
    )
    remedy = Text(
        "请各门户把 id_token_signed_response_alg 等登记为 SGD_SM3_SM2。",
        "Have portals register SGD_SM3_SM2 as id_token_signed_response_alg and the like.",
    )
    return Check("token-key", Layer.APPLICATION, State.PARTLY, found, remedy)


def seal_forms(facts: CryptographyFacts) -> Check:
    whole = sum(facts.seals.values())
    without = facts.seals.get(Profile.INTERNATIONAL, 0)
    if not whole:
        found = Text("还没有使用中的印章。", "There are no seals in use yet.")
        return Check("seal-forms", Layer.APPLICATION, State.OUTSIDE, found)
    found = Text(
        f"{whole} 枚使用中的印章里，{whole - without} 枚有国密形式（GB/T 38540）。",
        f"Of {whole} seals in use {whole - without} have the national form (GB/T 38540).",
    )
    remedy = Text("在印章页面为其余印章补做国密形式。", "Have the national form made for the others, on their pages.")
    state = State.MET if not without else State.PARTLY if without < whole else State.LACKING
    return Check("seal-forms", Layer.APPLICATION, state, found, remedy if without else None)


def certificates(facts: CryptographyFacts) -> Check:
    own = sorted({one.purpose.removeprefix("ca.") for one in facts.records if one.purpose.startswith("ca.")})
    found = Text(
        f"本系统自己的证书认证机构：{'、'.join(own) or '无'}；它们没有电子认证服务许可。",
        f"Authorities of this deployment's own: {', '.join(own) or 'none'}; without a licence to certify the public.",
    )
    remedy = Text(
        "面向公众的签章、登录证书请由有许可的电子认证服务机构签发，并列入信任列表（yizheng trust）。",
        "Have certificates that the public relies on issued by a licensed authority, and list it (yizheng trust).",
    )
    return Check("certificates", Layer.APPLICATION, State.OUTSIDE, found, remedy)


def timestamps(facts: CryptographyFacts) -> Check:
    whose = Text("自建的", "our own") if facts.own_timestamps else Text("外部的", "others'")
    found = Text(
        f"时间戳来自{whose.zh}服务，签名和摘要是国际算法。",
        f"Time-stamps come from {whose.en} authority, by international algorithms.",
    )
    remedy = Text(
        "需要国密时间戳（GM/T 0033）时，由有许可的时间戳服务另行提供；本系统还不读取。",
        "Time-stamps by SM2 (GM/T 0033) are for a licensed service to give beside these; this program does not read "
        "them yet.",
    )
    return Check("timestamps", Layer.APPLICATION, State.LACKING, found, remedy)


def clock(facts: CryptographyFacts) -> Check:
    if facts.clock != "kernel":
        found = Text("时钟是否准确没有检查。", "Nobody looks whether the clock is right.")
        remedy = Text("把 YIZHENG_TSA_CLOCK 设为 kernel。", "Set YIZHENG_TSA_CLOCK to kernel.")
        return Check("time-source", Layer.EQUIPMENT, State.LACKING, found, remedy)
    found = Text(
        "系统内核与时间源同步才签发时间戳；时间源是哪一个看不到。",
        "The kernel must follow a time source; which one is not seen.",
    )
    remedy = Text("请说明时间源可溯源到国家授时中心。", "Show that the source traces to the national time service.")
    return Check("time-source", Layer.EQUIPMENT, State.OUTSIDE, found, remedy)


def transport(facts: CryptographyFacts) -> Check:
    remedy = Text(
        "在前面放置经认证、支持 TLCP（GB/T 38636）的网关；数据库、Redis、对象存储的链路也要保护。",
        "Put a certified gateway with TLCP (GB/T 38636) in front; the ways to database, Redis and object store count "
        "too.",
    )
    if facts.own_tls:
        found = Text(
            "本进程自己应答 TLS，只有国际套件。", "This process answers TLS itself, with international suites only."
        )
        return Check("transport", Layer.NETWORK, State.LACKING, found, remedy)
    found = Text("TLS 由前面的代理负责，这里看不到。", "TLS is the proxy's in front, and is not seen from here.")
    return Check("transport", Layer.NETWORK, State.OUTSIDE, found, remedy)


def passwords(facts: CryptographyFacts) -> Check:
    found = Text(
        "口令以 Argon2id 保存；通行密钥、动态口令都是国际算法。",
        "Passwords are kept by Argon2id; passkeys and one-time codes are by international algorithms.",
    )
    remedy = Text(
        "对管理人员要求用 SM2 证书登录（智能密码钥匙）。",
        "Have administrators log in with an SM2 certificate on a certified key.",
    )
    return Check("log-in", Layer.APPLICATION, State.LACKING, found, remedy)


def backups(facts: CryptographyFacts) -> Check:
    found = Text("备份以 AES-256-GCM 加密。", "Backups are encrypted by AES-256-GCM.")
    remedy = Text("把备份放在以 SM4 加密的经认证存储上。", "Keep them on certified storage that encrypts by SM4.")
    return Check("backups", Layer.APPLICATION, State.LACKING, found, remedy)


def management(facts: CryptographyFacts) -> Check:
    found = Text(
        "制度、人员、建设运行、应急处置程序看不到。",
        "Rules, people, operation and emergencies are not seen by a program.",
    )
    remedy = Text(
        "按 GB/T 39786 准备密码应用方案和管理制度；密钥仪式、审计记录可作证据。",
        "Prepare the cryptography scheme and rules of GB/T 39786; key ceremonies and the audit log serve as evidence.",
    )
    return Check("management", Layer.MANAGEMENT, State.OUTSIDE, found, remedy)
