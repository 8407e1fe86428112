"""Why a sound package is not sealed, in words; what is wrong with others, `signing.ofd.refusing` says."""

from __future__ import annotations

from core.text import Text
from signing.errors import OfdRefused


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
