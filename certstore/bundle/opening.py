"""Opens a bundle that somebody sent: format, digest, signature, then every value of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from certstore.bundle.form import FORMAT
from certstore.bundle.model import Bundle
from certstore.bundle.ports import BundleJudge, BundleSignatureRejected
from certstore.bundle.reading import read_bundle
from certstore.bundle.take_out import digest_of
from core.errors import InvalidInput
from core.principal import Principal, PrincipalKind
from core.text import Text


@dataclass(frozen=True, slots=True)
class BundleFile:
    """What somebody sent.

    Attributes:
        document: the whole file as parsed JSON, members in their order.
        keys: JWK Set of the installation that made it; None for our own.
        unsigned: take the content as it is; for the operator at the machine only.
    """

    document: object = field(repr=False)
    keys: Mapping[str, object] | None = field(default=None, repr=False)
    unsigned: bool = False


@dataclass(frozen=True, slots=True)
class OpenedBundle:
    """A bundle that may be taken in; `made_by` is who signed it, empty for an unsigned one."""

    bundle: Bundle
    made_by: str
    sha256: str


def open_bundle(file: BundleFile, actor: Principal, judge: BundleJudge) -> OpenedBundle:
    """
    Raises:
        InvalidInput: `bundle-invalid`, `bundle-signature-unknown`, `bundle-changed`.
    """
    document = file.document
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _invalid(
            Text("这不是目录文件（yizheng-catalogue/1）。", "This is no catalogue file (yizheng-catalogue/1).")
        )
    content = document.get("content")
    try:
        digest = digest_of(content if isinstance(content, dict) else {})
    except TypeError:  # orjson: an integer beyond 64 bits
        raise _invalid(
            Text("目录文件里有超出范围的数。", "The catalogue file has a number that is out of range.")
        ) from None
    if file.unsigned and actor.kind is PrincipalKind.SYSTEM:
        return OpenedBundle(read_bundle(content), "", digest)
    made_by = _signed_by(document.get("signature"), digest, file.keys, judge)
    return OpenedBundle(read_bundle(content), made_by, digest)


def _signed_by(signature: object, digest: str, keys: Mapping[str, object] | None, judge: BundleJudge) -> str:
    try:
        claims = judge.claims(signature if isinstance(signature, str) else "", keys)
    except BundleSignatureRejected:
        raise InvalidInput(
            "bundle-signature-unknown",
            Text(
                "目录文件没有用认得的密钥签名。它来自另一套系统时，请一并给出那套系统公开的密钥（/v1/licence-keys）。",
                "The catalogue file is not signed with a key that is known here. If it comes from another "
                "installation, give the keys that it publishes (/v1/licence-keys) along with it.",
            ),
            field="keys",
        ) from None
    if claims["sha256"] != digest:
        raise InvalidInput(
            "bundle-changed",
            Text(
                "目录文件在导出之后被改过，什么也没有导入。请重新导出，或在目录里改好再导出。",
                "The catalogue file was changed after it was exported, and nothing was imported. Export it again.",
            ),
            field="bundle",
        )
    return str(claims["iss"])


def _invalid(why: Text) -> InvalidInput:
    return InvalidInput("bundle-invalid", why, field="bundle")
