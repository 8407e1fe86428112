"""From findings and what the register knows to a report (pure): the worst counts, and doubt never helps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from cryptography.hazmat.primitives.serialization import Encoding

from core.clock import SHANGHAI
from core.text import Text
from keys.trust.kept import KeptEvidence
from signing.verification.chain import subject_of
from signing.verification.findings import FileFindings
from signing.verification.judged import Judged
from signing.verification.report import (
    CHECK_NAMES,
    VISIBLE_CHANGES,
    Check,
    Conclusion,
    Fault,
    Indication,
    RevocationReport,
    SignatureReport,
    Step,
)
from signing.verification.stamp_words import told_stamp

# EN 319 102-1 §5.1.3: these mean "not valid"; all others leave it open
_NOT_VALID = frozenset({"FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE"})
_FAILED = frozenset({"REVOKED"})  # §5.1.3: not valid either, though the file is what was signed
_WORST: tuple[Conclusion, ...] = ("changed", "undecided", "unknown-signer", "annotated", "genuine")

_GOOD: Mapping[Check, Text] = {
    Check.FILE: Text("是一份完整的 PDF。", "A complete PDF."),
    Check.RANGE: Text("签名盖住了它那一版的全部内容。", "The signature covers all of its revision."),
    Check.CONTAINER: Text("签名结构合乎规范。", "The signature's structure is as it should be."),
    Check.DIGEST: Text("内容与盖章时一字不差。", "The content is what was sealed, to the byte."),
    Check.SIGNATURE: Text("签名确由这枚印章的密钥做出。", "The seal's own key made the signature."),
    Check.CERTIFICATE: Text(
        "证书由可信机构签发，盖章时有效。", "A trusted authority issued the certificate; valid when sealing."
    ),
    Check.REGISTER: Text("印章登记在册，这次用印有记录。", "The seal is on the register, and this use is on record."),
    Check.LATER: Text("盖章之后没有改动。", "Nothing was changed after sealing."),
}
_VOUCHED = Text(
    "证书由信任列表上的{zh}签发，盖章时有效。",
    "{en}, on our trust list, issued the certificate; valid when sealing.",
)
NOT_REACHED = Text("前面没有通过，这一步没有核。", "Not checked, because an earlier step failed.")
NOT_OURS = Text("这枚印章不在本系统登记。", "This seal is not on our register.")
NOT_RECORDED = Text("印章登记在册，但这次用印没有记录。", "The seal is on the register, but this use is not on record.")
_EXTENDED = Text(
    "盖章之后只加了不影响内容的信息或别的签名。",
    "Since sealing, only other signatures or data without effect were added.",
)


def signature_report(judged: Judged, *, size: int, kept: KeptEvidence, now: dt.datetime) -> SignatureReport:
    """
    Args:
        kept: the file's revocation data, each as of when it certainly existed.
    """
    finding = judged.finding
    subject = subject_of(finding.signer) if finding.signer else None
    indication, sub_indication, conclusion = verdict_of(judged.faults)
    covered = finding.covered
    whole = covered is not None and covered.until == size
    return SignatureReport(
        field=finding.field[:200],
        organisation=subject.organisation if subject else None,
        seal_name=subject.seal_name if subject else None,
        organisation_code=subject.organisation_code if subject else None,
        seal_code=subject.seal_code if subject else None,
        known_seal=judged.seal,
        signed_at=finding.claimed_time,
        reason=finding.reason,
        level=_level(judged),
        coverage="whole-file" if whole else "signed-revision" if covered else "unclear",
        end=covered.until if covered else 0,
        indication=indication,
        sub_indication=sub_indication,
        conclusion=conclusion,
        steps=_steps(judged, whole=whole),
        vouched_by=judged.signer.vouches if judged.signer else None,
        assurance=judged.signer.assurance if judged.signer else None,
        certificate=finding.signer.public_bytes(Encoding.DER) if finding.signer else None,
        proven_at=judged.times.proven_at if judged.times and judged.times.by_stamp else None,
        timestamps=tuple(one.report for one in judged.times.stamps) if judged.times else (),
        path=judged.signer.path if judged.signer else (),
        revocation=tuple(
            RevocationReport(one, kept.existed_by(one.encoded) or now)
            for one in (judged.signer.evidence if judged.signer else ())
        ),
        algorithm=finding.container.algorithm_name if finding.container else None,
        algorithm_counts=_algorithm_counts(judged),
        value=finding.container.signature if finding.container else b"",
        national=told_stamp(judged.stamp) if judged.stamp else None,
    )


def _algorithm_counts(judged: Judged) -> bool:
    container, times = judged.finding.container, judged.times
    if container is None or times is None or container.algorithm_name is None:
        return False
    return container.counts_at(times.proven_at)


def _level(judged: Judged) -> str | None:
    if judged.level is not None:
        return judged.level.value
    return judged.finding.profile if judged.finding.container else None


def verdict_of(faults: Sequence[Fault]) -> tuple[Indication, str | None, Conclusion]:
    for fault in faults:
        if fault.sub_indication in _NOT_VALID:
            return "TOTAL-FAILED", fault.sub_indication, "changed"
    doubts = [fault.sub_indication for fault in faults if fault.sub_indication != VISIBLE_CHANGES]
    if doubts:
        return "TOTAL-FAILED" if doubts[0] in _FAILED else "INDETERMINATE", doubts[0], "unknown-signer"
    if faults:
        return "TOTAL-PASSED", VISIBLE_CHANGES, "annotated"
    return "TOTAL-PASSED", None, "genuine"


def _steps(judged: Judged, *, whole: bool) -> tuple[Step, ...]:
    faults = {fault.check: fault for fault in reversed(judged.faults)}
    # the checks up to SIGNATURE build on one another; what comes after a failure there was not looked at
    broken_at = min((check for check in faults if check <= Check.SIGNATURE), default=None)
    out = []
    for check in Check:
        if check in faults:
            out.append(Step(check, CHECK_NAMES[check], _may_stand(faults[check]), faults[check].text))
        elif broken_at is not None and check > broken_at:
            out.append(Step(check, CHECK_NAMES[check], None, NOT_REACHED))
        else:
            out.append(Step(check, CHECK_NAMES[check], *_passed(check, judged, whole=whole)))
    return tuple(out)


def _may_stand(fault: Fault) -> bool:
    return fault.sub_indication == VISIBLE_CHANGES


def _passed(check: Check, judged: Judged, *, whole: bool) -> tuple[bool | None, Text]:
    if check is Check.CERTIFICATE and judged.seal is None and judged.signer and judged.signer.vouches:
        return True, _VOUCHED.format(zh=judged.signer.vouches.zh, en=judged.signer.vouches.en)
    if check is Check.REGISTER and judged.seal is None:
        return None, NOT_OURS
    if check is Check.REGISTER and judged.seal is not None and judged.seal.recorded_at is None:
        return True, NOT_RECORDED
    if check is Check.LATER and not whole:
        return True, _EXTENDED
    return True, _GOOD[check]


def summary(reports: Iterable[SignatureReport]) -> tuple[Indication, str | None, Conclusion, tuple[Step, ...]]:
    """All signatures as a whole: the worst conclusion, and at each step the worst result."""
    ranked = sorted(reports, key=lambda one: _WORST.index(one.conclusion))
    worst = ranked[0]
    steps = []
    for index in range(len(worst.steps)):
        at_step = [report.steps[index] for report in ranked]
        failed = [step for step in at_step if step.passed is False]
        open_ = [step for step in at_step if step.passed is None]
        steps.append((failed or open_ or at_step)[0])
    return worst.indication, worst.sub_indication, worst.conclusion, tuple(steps)


def file_steps(passed: bool, text: Text) -> tuple[Step, ...]:
    """The steps of a file in which no signature could be judged."""
    rest = tuple(Step(check, CHECK_NAMES[check], None, NOT_REACHED) for check in Check if check is not Check.FILE)
    return (Step(Check.FILE, CHECK_NAMES[Check.FILE], passed, text), *rest)


def without_signatures(found: FileFindings) -> tuple[Indication, str | None, Conclusion]:
    """The verdict on a file in which no signature was found."""
    if found.state == "empty":
        return "INDETERMINATE", "NO_SIGNATURE", "empty"
    if found.state == "encrypted":
        return "INDETERMINATE", "SIGNED_DATA_NOT_FOUND", "undecided"
    if found.traces:  # there was a signature once, or what is left of one
        return "TOTAL-FAILED", "FORMAT_FAILURE", "changed"
    if found.state == "read":
        return "INDETERMINATE", "NO_SIGNATURE", "not-signed"
    return "INDETERMINATE", "NO_SIGNATURE", "not-a-pdf"


def words(conclusion: Conclusion, *, sealed_by: SignatureReport | None, sub_indication: str | None) -> Text:
    """The verdict in one or two sentences: the state, why, what to do."""
    who = sealed_by.organisation if sealed_by else None
    if conclusion == "genuine" and sealed_by is not None and sealed_by.signed_at is not None:
        local = sealed_by.signed_at.astimezone(SHANGHAI)
        vouched = _by_whom(sealed_by)
        return Text(
            f"真实：{who}于 {local.year} 年 {local.month} 月 {local.day} 日盖章，盖章后一字未改。{vouched.zh}",
            f"Genuine: sealed by {who} on {local.day} {local:%B} {local.year} and not changed since.{vouched.en}",
        )
    if conclusion == "annotated" and who is not None:
        return Text(
            f"真实，有批注：{who}的印章是真的，它允许加批注；盖章之后有人加了批注，正文没有改。请分清哪些是后来加的。",
            f"Genuine, annotated: the seal of {who} is genuine and permits annotations; some were added after sealing. "
            "The content itself is unchanged. Mind what was added later.",
        )
    if conclusion == "changed" and who is not None:
        return Text(
            f"盖章后被改动：{who}的印章是真的，但盖章之后有人改了文件。请不要采信，可下载盖章时的原文。",
            f"Changed after sealing: the seal of {who} is genuine, but the file was altered afterwards. "
            "Do not rely on it. You can download the original.",
        )
    if conclusion == "changed" and sub_indication == "HASH_FAILURE":
        return Text(
            "盖章后被改动：文件内容和盖章时不一样，原文已无法恢复。请不要采信，可向出具单位索取原件。",
            "Changed after sealing: the content is not what was sealed and cannot be restored. "
            "Do not rely on it. Ask the issuing office for the original.",
        )
    doubt = _DOUBTS.get(sub_indication or "") if conclusion == "unknown-signer" else None
    return doubt or _WORDS[conclusion]


def _by_whom(sealed_by: SignatureReport) -> Text:
    """Who vouches for a seal that is not on our register."""
    if sealed_by.known_seal is not None or sealed_by.vouched_by is None:
        return Text("", "")
    return Text(
        f"这枚印章不在本系统登记，盖章人的身份由{sealed_by.vouched_by.zh}证明。",
        f" The seal is not on our register; {sealed_by.vouched_by.en} vouches for who sealed.",
    )


_DOUBTS: Mapping[str, Text] = {
    "REVOKED": Text(
        "证书已吊销：盖章时，这枚印章的证书已被吊销。请不要采信，可向所称单位核实。",
        "Revoked: the certificate of this seal had been revoked when it was used. "
        "Do not rely on it. Ask the office it claims to come from.",
    ),
    "REVOKED_NO_POE": Text(
        "已失效：印章已注销或证书已吊销，又没有证据表明盖章在这之前。请不要采信，可向所称单位核实。",
        "No longer good: the seal was cancelled or its certificate revoked; nothing proves that it was used before. "
        "Do not rely on it. Ask the office it claims to come from.",
    ),
    "REVOKED_CA_NO_POE": Text(
        "签发机构已失效：签发这枚印章的机构，其证书已被吊销。请不要采信，可向所称单位核实。",
        "The authority is no longer good: the certificate of the authority behind this seal was revoked. "
        "Do not rely on it. Ask the office it claims to come from.",
    ),
    "TRY_LATER": Text(
        "现在判断不了：印章停用，或查不到证书是否被吊销。请稍后再试，或向所称单位核实。",
        "Cannot be judged now: the seal is suspended, or it cannot be found out whether its certificate was revoked. "
        "Try again later, or ask the office it claims to come from.",
    ),
}

_WORDS: Mapping[Conclusion, Text] = {
    "genuine": Text("真实：盖章后一字未改。", "Genuine: not changed since it was sealed."),
    "annotated": Text("真实，有批注：正文没有改。", "Genuine, annotated: the content itself is unchanged."),
    "changed": Text(
        "签名不成立：文件不完整，或签名被改动、伪造。请不要采信，可向出具单位索取原件。",
        "The signature does not hold: the file is incomplete, or the signature was altered or forged. "
        "Do not rely on it. Ask the issuing office for the original.",
    ),
    "unknown-signer": Text(
        "认不出盖章人：没有可信机构能证明这枚印章是谁的，图样和名称谁都能仿。请不要采信，可向所称单位核实。",
        "Unknown signer: no trusted authority vouches for this seal, and anyone can copy a picture and a name. "
        "Do not rely on it. Ask the office it claims to come from.",
    ),
    "not-signed": Text(
        "没有电子签名：这是一份普通 PDF，上面即使画着印章，也证明不了什么。请向出具单位索取带签名的原件。",
        "Not signed: this is an ordinary PDF; a picture of a seal proves nothing. "
        "Ask the issuing office for the signed original.",
    ),
    "not-a-pdf": Text(
        "这不是完整的 PDF。请上传收到的原文件，不要截图、拍照或另存。",
        "This is not a complete PDF. Upload the file as you received it, not a photo or a copy saved anew.",
    ),
    "not-an-ofd": Text("这不是可以核验的 OFD。", "This is not an OFD that can be checked."),
    "empty": Text("文件是空的。请重新下载后再传。", "The file is empty. Download it again, then upload it."),
    "undecided": Text(
        "现在判断不了：文件加了密，或复杂得超出了核验范围。请上传收到的原文件，或向出具单位核实。",
        "Cannot be judged: the file is encrypted or too complex to check. "
        "Upload the file as you received it, or ask the issuing office.",
    ),
}
