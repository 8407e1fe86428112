"""Why a package is not sealed, in words."""

from __future__ import annotations

from collections.abc import Mapping

from core.text import Text
from signing.errors import OfdRefused
from signing.ofd.package import PackageRefused

_AMBIGUOUS = Text(
    "OFD 里有重名、路径越界或容易读出两种结果的文件，没有盖章。请用原来的软件重新导出一份。",
    "The OFD holds names that stand there twice, lead elsewhere or can be read in two ways; nothing was sealed. "
    "Export it again from the original software.",
)
_WORDS: Mapping[str, Text] = {
    "not-a-package": Text("这不是 OFD 文件。请上传 OFD。", "This is not an OFD. Upload an OFD."),
    "entry-name": _AMBIGUOUS,
    "entry-twice": _AMBIGUOUS,
    "encrypted": Text("OFD 设了密码或加了密，请先解除。", "The OFD is encrypted. Remove the password first."),
    "method": Text(
        "OFD 用了不支持的压缩方法，没有盖章。请重新导出一份。",
        "The OFD is compressed by a method that is not supported; nothing was sealed. Export it again.",
    ),
    "too-large": Text(
        "OFD 解开后太大，或文件太多，没有盖章。请拆成几份，或压缩其中的图片。",
        "The OFD unpacks to too much, or holds too many files; nothing was sealed. Split it, or shrink its pictures.",
    ),
    "damaged": Text(
        "这个 OFD 有损坏，没有盖章。请用原来的软件重新导出一份。",
        "This OFD is damaged; nothing was sealed. Export it again from the original software.",
    ),
    "xml": Text(
        "这个 OFD 的结构不合规范（GB/T 33190），没有盖章。请用原来的软件重新导出一份。",
        "This OFD is not built as GB/T 33190 says; nothing was sealed. Export it again from the original software.",
    ),
}


def in_words(refused: PackageRefused) -> OfdRefused:
    """The same refusal for whoever sent the package."""
    return OfdRefused(f"ofd-{refused.code}", _WORDS[refused.code], private=str(refused))


def several_documents() -> OfdRefused:
    return OfdRefused(
        "ofd-documents",
        Text(
            "这个 OFD 里不是正好一份文档，不知道章盖在哪一份上，没有盖章。请拆成几个 OFD。",
            "This OFD does not hold exactly one document, so nobody could tell which one is sealed; nothing was done. "
            "Split it.",
        ),
    )


def locked() -> OfdRefused:
    return OfdRefused(
        "ofd-locked",
        Text(
            "前面的签章把签名列表也保护了，不允许再盖章，文件没有改动。请找原签章单位出一份没有锁定的。",
            "An earlier seal protects the list of signatures too, so no further one may follow; nothing was sealed. "
            "Ask whoever sealed it for a file that is not closed.",
        ),
    )


def broken_before() -> OfdRefused:
    return OfdRefused(
        "ofd-signature-broken",
        Text(
            "文件里已有的签章之后，内容被改过，没有再盖章。请先核验，再找原件。",
            "The file was changed after an earlier seal, so no further one was put on it. Have it verified, and find "
            "the original.",
        ),
    )


def too_complex() -> OfdRefused:
    return OfdRefused(
        "ofd-too-complex",
        Text(
            "这个 OFD 太复杂，没能在限定时间内读完，文件没有改动。请重新导出后再试。",
            "This OFD is too complex to be read in time; nothing was sealed. Export it again and retry.",
        ),
    )
