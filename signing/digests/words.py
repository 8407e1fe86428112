"""What must be said of a document that nobody here sees: its name, its class, and why it is sealed."""

from __future__ import annotations

from core.errors import InvalidInput
from core.text import Text
from signing.digests.model import LONGEST_NAME, Digest
from signing.seal_pdf import check_words
from signing.seals.story import checked_reason


def check_unseen(document_class: str, document_name: str, reason: str) -> str:
    """The reason, trimmed.

    Raises:
        core.errors.InvalidInput: `document-class-invalid`, `document-name-invalid`, `reason-invalid`.
    """
    if not 1 <= len(document_name) <= LONGEST_NAME or not document_name.isprintable() or document_name.isspace():
        raise InvalidInput(
            "document-name-invalid",
            Text(
                "请写明文件名，最多 200 个字，不能换行。",
                "Name the document, in at most 200 characters and one line.",
            ),
            field="document_name",
        )
    words = checked_reason(reason, needed=True)
    check_words(document_class, words)
    return words


def check_algorithm(digest: Digest, algorithm: str) -> None:
    """
    Raises:
        core.errors.InvalidInput: `digest-algorithm-other`: the seal's key signs digests of another algorithm.
    """
    if digest.algorithm != algorithm:
        raise InvalidInput(
            "digest-algorithm-other",
            Text(f"这枚印章的密钥要用 {algorithm} 摘要。", f"The key of this seal goes with {algorithm} digests."),
            field="algorithm",
        )
