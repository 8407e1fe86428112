"""What is said to people of an OFD: why one is not read at all, and what each check found (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.text import Text
from signing.verification.report import Check, Fault, ProtectedFiles

REFUSALS: Mapping[str, Text] = {
    "not-an-ofd": Text("是一个压缩包，不是 OFD。", "It is an archive, but not an OFD."),
    "not-a-package": Text("文件前面多出了内容，各家软件读到的会不一样。", "Something stands before the package."),
    "damaged": Text("文件不完整，或前后说法不一。", "It is incomplete, or says two things about itself."),
    "hidden-data": Text("文件里藏着不属于任何部件的内容。", "It hides data that belong to none of its files."),
    "zip64": Text("用了大文件才需要的写法，各家软件读法不一。", "It uses a form for huge files that it does not need."),
    "encrypted": Text("文件加了密，没法核验。", "It is encrypted and cannot be checked."),
    "method": Text("用了标准没有的压缩方法。", "It is packed by a method that the standard does not have."),
    "too-large": Text("展开以后太大，核验中止。", "It is too large when unpacked; checking was stopped."),
    "entry-name": Text(
        "里面有通到文件之外、或读法不一的路径。", "A path in it leads elsewhere or is read in two ways."
    ),
    "entry-twice": Text("同一路径有两个部件，各家软件读到的会不一样。", "Two of its files go by one path."),
    "entry-kind": Text("里面有链接，不是普通部件。", "It has a link in it where a file is due."),
    "xml": Text(
        "描述部件的 XML 不合标准，或有两种读法。", "Its XML is not the standard's, or can be read in two ways."
    ),
    "xml-entities": Text("XML 里声明了实体或文档类型，不予解析。", "Its XML declares entities or a document type."),
    "version": Text("OFD 版本号不是 1.0、1.1 或 1.2。", "Its version is none of 1.0, 1.1 and 1.2."),
    "documents": Text("里面不是恰好一份文档，签名管不到全部。", "It does not hold exactly one document."),
    "listed-twice": Text("有部件或签名登记了两次。", "A file or a signature is listed twice."),
    "signatures": Text(
        "签名数目，或签名保护的部件数目不对。", "It has a wrong number of signatures or protected files."
    ),
}
"""By their stable words; a package that is refused is read by nobody the same way, so nothing is said of its seals."""

TOO_MUCH = Text("文件太大或太复杂，核验中止。", "The file is too large or too complex; checking was stopped.")
_HEAD = Text("不是可以核验的 OFD：", "Not an OFD that can be checked: ")
_REMEDY = Text(
    "请上传收到的原文件，或向出具单位索取。", " Upload the file as you received it, or ask the issuing office."
)

NOT_SIGNED = Text(
    "没有电子签名：这是一份普通 OFD，上面即使画着印章，也证明不了什么。请向出具单位索取带签名的原件。",
    "Not signed: this is an ordinary OFD; a picture of a seal proves nothing. Ask the issuing office for the signed "
    "original.",
)
GOOD: Mapping[Check, Text] = {
    Check.FILE: Text("是一份完整的 OFD，只有一种读法。", "A complete OFD, to be read in one way only."),
    Check.RANGE: Text("签名盖住了文件里的全部部件。", "The signature covers every file of the package."),
    Check.CONTAINER: Text("签名结构合乎规范。", "The signature's structure is as it should be."),
    Check.DIGEST: Text("每个部件都与盖章时一字不差。", "Every file is what was sealed, to the byte."),
    Check.SIGNATURE: Text("印章和签名值都确由其密钥做出。", "Their own keys made both the seal and the signature."),
    Check.CERTIFICATE: Text(
        "证书由可信机构签发，盖章时有效。", "Trusted authorities issued the certificates; valid then."
    ),
    Check.REGISTER: Text("印章登记在册，这次用印有记录。", "The seal is on the register, and this use is on record."),
    Check.LATER: Text("之后没有再加别的签名。", "No other signature was added after it."),
}
FOLLOWED = Text("盖章之后只加了别的签名。", "Since sealing, only other signatures were added.")
_MOST_NAMED = 3


def refusal_words(word: str) -> Text:
    told = REFUSALS.get(word, REFUSALS["xml"])
    return Text(f"{_HEAD.zh}{told.zh}{_REMEDY.zh}", f"{_HEAD.en}{told.en}{_REMEDY.en}")


def unprotected(files: Sequence[str]) -> Fault:
    """The signature leaves files to anybody: they may have been put there after it."""
    named = _named(files)
    text = Text(
        f"有 {len(files)} 个部件不受签名保护：{named}。",
        f"Not protected ({len(files)}): {named}.",
    )
    return Fault(Check.RANGE, "FORMAT_FAILURE", text)


def changed(files: Sequence[str]) -> Fault:
    named = _named(files)
    text = Text(
        f"有 {len(files)} 个部件和盖章时不一样：{named}。",
        f"Not what was sealed ({len(files)}): {named}.",
    )
    return Fault(Check.DIGEST, "HASH_FAILURE", text)


WEAK_DIGEST = Fault(
    Check.DIGEST,
    "CRYPTO_CONSTRAINTS_FAILURE",
    Text("部件的摘要不是 SM3，证明不了没有改过。", "The files' digests are not SM3 and prove nothing."),
)
BINDINGS: Mapping[str, Fault] = {
    "subject": Fault(
        Check.CONTAINER,
        "FORMAT_FAILURE",
        Text("签章是为另一个签名做的，挪到了这里。", "The stamp was made for another signature and moved here."),
    ),
    "seal-file": Fault(
        Check.CONTAINER,
        "FORMAT_FAILURE",
        Text("旁边放的印章不是签章里的那一枚。", "The seal that lies beside the stamp is not the stamp's own."),
    ),
}


def cannot_be_relied_on(why: Text) -> Text:
    """The verdict where a check says why."""
    return Text(
        f"不能采信：{why.zh}可向所称单位核实。",
        f"Cannot be relied on: {why.en} Ask the office it claims to come from.",
    )


def changed_since(files: ProtectedFiles) -> Text:
    """The verdict where files of the package are not those that were sealed."""
    where = "、".join(str(page) for page in files.pages[:_MOST_NAMED])
    zh = f"第 {where} 页" if where else f"{len(files.changed) + len(files.unprotected)} 个部件"
    en = f"page {where}" if where else f"{len(files.changed) + len(files.unprotected)} of its files"
    return Text(
        f"盖章后被改动：{zh}不是盖章时的内容，原文已无法恢复。请不要采信，可向出具单位索取原件。",
        f"Changed after sealing: {en} is not what was sealed and cannot be restored. Do not rely on it. "
        "Ask the issuing office for the original.",
    )


def _named(files: Sequence[str]) -> str:
    shown = "、".join(path[:80] for path in files[:_MOST_NAMED])
    return shown + (" …" if len(files) > _MOST_NAMED else "")
