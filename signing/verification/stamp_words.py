"""From the steps of a stamp to the report: words for people, and faults of the report's own checks (pure).

GB/T 38540 knows only good and bad; the report says besides what kind of no it is (EN 319 102-1 §5.1.3). A seal that
ended, or that does not name the signer, cannot be relied on; only what was forged or altered is not valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cryptography import x509
from cryptography.x509.oid import NameOID

from core.text import Text
from signing.eseal.judge import Outcome, StampVerdict, Step, StepName
from signing.verification.report import Check, Fault
from signing.verification.stamp_report import NationalStamp, StampStep

STEP_NAMES: Mapping[StepName, Text] = {
    StepName.STRUCTURE: Text("签章结构", "Structure of the stamp"),
    StepName.SEAL_SIGNATURE: Text("制章人签名", "The maker's signature on the seal"),
    StepName.MAKER: Text("制章人证书", "The maker's certificate"),
    StepName.SEAL_TIME: Text("印章有效期", "Validity of the seal"),
    StepName.SEAL_STATE: Text("印章状态", "State of the seal"),
    StepName.SIGNER_LISTED: Text("签章人名单", "List of signers"),
    StepName.SIGNATURE: Text("签章签名值", "Signature value of the stamp"),
    StepName.DIGEST: Text("原文杂凑值", "Digest of the content"),
    StepName.SIGNER: Text("签章人证书", "The signer's certificate"),
    StepName.STAMP_TIME: Text("签章时间", "Time of stamping"),
}

_GOOD: Mapping[StepName, Text] = {
    StepName.STRUCTURE: Text("结构合乎标准，只有一种读法。", "As the standard has it, to be read in one way only."),
    StepName.SEAL_SIGNATURE: Text("印章确由制章人签发，没有改过。", "The maker signed the seal; it was not changed."),
    StepName.MAKER: Text("由信任列表上的机构签发，当时有效。", "Issued by an authority on our trust list; valid then."),
    StepName.SEAL_TIME: Text("盖章时印章在有效期内。", "The seal was valid when it was used."),
    StepName.SEAL_STATE: Text("登记簿上没有停用、注销的记录。", "The register has nothing against the seal."),
    StepName.SIGNER_LISTED: Text("签章人在印章的名单上。", "The seal names the signer among those who may use it."),
    StepName.SIGNATURE: Text("签名值确由签章人的密钥做出。", "The signer's own key made the signature."),
    StepName.DIGEST: Text("杂凑值与所签的内容相符。", "The digest is that of what was signed."),
    StepName.SIGNER: Text(
        "由信任列表上的机构签发，当时有效。", "Issued by an authority on our trust list; valid then."
    ),
    StepName.STAMP_TIME: Text("签章时间在印章有效期内。", "The time of stamping lies within the seal's."),
}
_SKIPPED = Text("前面没有通过，这一步没有核。", "Not looked at, because an earlier step failed.")

_REASONS: Mapping[str, Text] = {
    "signature": Text("签名值不对：被改过，或是伪造的。", "The signature value is wrong: altered, or forged."),
    "algorithm": Text("不是 SM2 配 SM3 的签名，不予采信。", "Not a signature by SM2 with SM3; it does not count."),
    "certificate-unreadable": Text("其中的证书读不出来。", "The certificate in it cannot be read."),
    "seal-times": Text("印章上的日期自相矛盾。", "The dates on the seal contradict each other."),
    "seal-not-yet-valid": Text("印章那时还没有生效。", "The seal was not valid yet."),
    "seal-expired": Text(
        "印章已过有效期，又没有时间戳证明盖章在这之前。",
        "The seal has expired, and no time-stamp proves that it was used before.",
    ),
    "signer-not-listed": Text("签章人不在印章的名单上，无权用这枚印章。", "The seal does not name the signer."),
    "digest-differs": Text("原文和盖章时不一样。", "The content is not what was stamped."),
    "time-unreadable": Text("签章时间读不出来。", "The time of stamping cannot be read."),
    "stamp-outside-seal": Text("签章时间不在印章有效期内。", "The time of stamping lies outside the seal's validity."),
    "stamp-in-the-future": Text("签章时间在将来。", "The time of stamping lies in the future."),
    "seal-not-registered": Text(
        "它用了本系统一枚印章的编码，但不是本系统制作的。",
        "It goes by the code of a seal of ours that we never made.",
    ),
    "seal-not-active": Text("登记簿上这枚印章那时还没有启用。", "The register says that the seal was not in use yet."),
    "seal-suspended": Text("登记簿上这枚印章那时停用。", "The register says that the seal was suspended."),
    "seal-revoked": Text("登记簿上这枚印章那时已经注销。", "The register says that the seal had been cancelled."),
    "seal-replaced": Text("登记簿上这枚印章那时已经换发。", "The register says that the seal had been replaced."),
    "suspended": Text("登记簿上这枚印章已停用。", "The register says that the seal is suspended."),
    "time-stamp": Text("签章所带的时间戳是伪造的，或被改过。", "The stamp's time-stamp is forged, or was changed."),
}
_STRUCTURE = Text("结构不合标准，无法继续。", "The structure is not the standard's; nothing more can be checked.")
_REGISTER = Text("登记簿上这枚印章已经注销或作废。", "The register says that the seal is no longer in use.")

_CHECKS: Mapping[StepName, tuple[Check, str]] = {
    StepName.STRUCTURE: (Check.CONTAINER, "FORMAT_FAILURE"),
    StepName.SEAL_SIGNATURE: (Check.SIGNATURE, "SIG_CRYPTO_FAILURE"),
    StepName.MAKER: (Check.CERTIFICATE, "CERTIFICATE_CHAIN_GENERAL_FAILURE"),
    StepName.SEAL_TIME: (Check.CERTIFICATE, "OUT_OF_BOUNDS_NO_POE"),
    StepName.SEAL_STATE: (Check.REGISTER, "REVOKED_NO_POE"),
    StepName.SIGNER_LISTED: (Check.CERTIFICATE, "SIG_CONSTRAINTS_FAILURE"),
    StepName.SIGNATURE: (Check.SIGNATURE, "SIG_CRYPTO_FAILURE"),
    StepName.DIGEST: (Check.DIGEST, "HASH_FAILURE"),
    StepName.SIGNER: (Check.CERTIFICATE, "CERTIFICATE_CHAIN_GENERAL_FAILURE"),
    StepName.STAMP_TIME: (Check.CERTIFICATE, "SIG_CONSTRAINTS_FAILURE"),
}
_SUB_INDICATIONS: Mapping[str, str] = {
    "algorithm": "CRYPTO_CONSTRAINTS_FAILURE",
    "certificate-unreadable": "FORMAT_FAILURE",
    "seal-times": "SIG_CONSTRAINTS_FAILURE",
    "seal-not-yet-valid": "SIG_CONSTRAINTS_FAILURE",
    "suspended": "TRY_LATER",
    "seal-suspended": "TRY_LATER",
    "seal-not-registered": "SIG_CONSTRAINTS_FAILURE",
    "seal-not-active": "SIG_CONSTRAINTS_FAILURE",
}


def told_stamp(verdict: StampVerdict) -> NationalStamp:
    """The stamp as the report has it."""
    stamp = verdict.stamp
    steps = tuple(
        StampStep(one.number, one.name.value, STEP_NAMES[one.name], one.outcome.value, one.reason, _text(one, verdict))
        for one in verdict.steps
    )
    if stamp is None:
        return NationalStamp(steps)
    info = stamp.seal.info
    return NationalStamp(
        steps,
        stamp.edition.value,
        info.seal_id[:200],
        info.name[:200],
        _name_of(stamp.seal.maker),
        info.valid_from,
        info.valid_to,
        stamp.made_at,
    )


def stamp_faults(verdict: StampVerdict) -> tuple[Fault, ...]:
    """What the steps that are not good mean for the report's own checks, the checks in their order."""
    return tuple(sorted(_faults(verdict), key=lambda fault: fault.check))


def _faults(verdict: StampVerdict) -> Iterator[Fault]:
    for step in verdict.steps:
        if step.outcome not in (Outcome.BAD, Outcome.UNKNOWN):
            continue
        check, usual = _CHECKS[step.name]
        by_judge = step.name in (StepName.MAKER, StepName.SIGNER) and step.reason.isupper()
        sub_indication = step.reason if by_judge else _SUB_INDICATIONS.get(step.reason, usual)
        yield Fault(check, sub_indication, _said(step, verdict))


def _said(step: Step, verdict: StampVerdict) -> Text:
    """With the step's number and name: a check of the report may stand for several."""
    name, text = STEP_NAMES[step.name], _text(step, verdict)
    return Text(f"国标第 {step.number} 步“{name.zh}”：{text.zh}", f"National step {step.number}, {name.en}: {text.en}")


def _text(step: Step, verdict: StampVerdict) -> Text:
    if step.outcome is Outcome.GOOD:
        return _GOOD[step.name]
    if step.outcome is Outcome.SKIPPED:
        return _SKIPPED
    if step.name is StepName.STRUCTURE:
        return _STRUCTURE
    judged = {StepName.MAKER: verdict.maker, StepName.SIGNER: verdict.signer}.get(step.name)
    if judged is not None and judged.fault is not None:
        return judged.fault.text
    return _REASONS.get(step.reason, _REGISTER)


def _name_of(certificate: bytes) -> str | None:
    try:
        subject = x509.load_der_x509_certificate(certificate).subject
        for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
            for attribute in subject.get_attributes_for_oid(kind):
                return str(attribute.value)[:200]
    except ValueError:  # what a stranger put there may be anything
        return None
    return None
