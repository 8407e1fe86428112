"""PKCS#11 URIs (RFC 7512): how a key on a token is named. A PIN never appears in one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote, unquote_to_bytes

from keys.errors import KeyRefused

_SCHEME = "pkcs11:"
_UNESCAPED = "-._~:[]@!$'()*+,&"  # RFC 7512 §2.3, pk11-pchar without the percent sign and the equals sign
_TEXTS = ("token", "manufacturer", "model", "serial", "object")
_TYPES = ("private", "secret-key")
_ADOPTED = "x-yizheng-adopted"  # RFC 7512 §2.2: a vendor's own attribute
_PLACE = re.compile(r"slot-.*|library-.*")


@dataclass(frozen=True, slots=True)
class Pkcs11Uri:
    """A private or secret key on a token: token and key are found by all attributes that are given.

    Attributes:
        token, manufacturer, model, serial: of the token (CK_TOKEN_INFO); `token` is its label.
        id, object: of the key, CKA_ID and CKA_LABEL.
        type: `private` or `secret-key`.
        adopted: the key was there before us, so destroying it is not ours to do.
        pin_source: a file with the PIN; for finding a key, never kept.
    """

    token: str = ""
    id: bytes = b""
    object: str = ""
    type: str = "private"
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    adopted: bool = False
    pin_source: Path | None = None

    def __str__(self) -> str:
        """The path part alone, in a fixed order."""
        parts = [f"{name}={quote(getattr(self, name), safe=_UNESCAPED)}" for name in _TEXTS if getattr(self, name)]
        if self.id:  # RFC 7512 §2.3: every octet of an id is percent-encoded
            parts.append("id=" + "".join(f"%{octet:02X}" for octet in self.id))
        parts.append(f"type={self.type}")
        if self.adopted:
            parts.append(f"{_ADOPTED}=yes")
        return _SCHEME + ";".join(parts)

    @classmethod
    def parse(cls, text: str) -> Pkcs11Uri:
        """
        Raises:
            KeyRefused: another scheme, a repeated or unknown attribute, a PIN in it, a place instead of a token, or
                not both a token and a key named.
        """
        if not text.startswith(_SCHEME):
            raise KeyRefused("not a PKCS#11 URI")
        path, _, query = text.removeprefix(_SCHEME).partition("?")
        attributes = _attributes(path, ";")
        for name in attributes:
            _check_known(name)
        found = cls(
            **{name: _text(attributes[name]) for name in _TEXTS if name in attributes},
            id=unquote_to_bytes(attributes.get("id", "")),
            type=_text(attributes.get("type", "private")),
            adopted=attributes.get(_ADOPTED) == "yes",
            pin_source=_pin_source(_attributes(query, "&")),
        )
        if found.type not in _TYPES:
            raise KeyRefused("the PKCS#11 URI does not name a private or secret key")
        if not (found.token or found.serial) or not (found.id or found.object):
            raise KeyRefused("the PKCS#11 URI must name a token (token or serial) and a key (id or object)")
        return found

    def without_pin(self) -> Pkcs11Uri:
        """What is kept: the PIN comes from the settings."""
        return replace(self, pin_source=None)


def _attributes(part: str, separator: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for attribute in filter(None, part.split(separator)):
        name, _, value = attribute.partition("=")
        if name in found:  # RFC 7512 §2.3: an attribute must not be repeated
            raise KeyRefused(f"the PKCS#11 URI repeats {name}")
        found[name] = value
    return found


def _text(value: str) -> str:
    try:
        return unquote(value, errors="strict")  # RFC 7512 §2.3: UTF-8
    except UnicodeDecodeError:
        raise KeyRefused("the PKCS#11 URI is not UTF-8") from None


def _check_known(name: str) -> None:
    if _PLACE.fullmatch(name):  # where a token is plugged in, or by which library it is read, may change
        raise KeyRefused(f"the PKCS#11 URI names a place ({name}) instead of a token")
    if name not in (*_TEXTS, "id", "type") and not name.startswith("x-"):
        raise KeyRefused(f"the PKCS#11 URI has an attribute that is not known: {name}")  # RFC 7512 §2.3


def _pin_source(query: dict[str, str]) -> Path | None:
    """A file, and nothing else. `module-name` and `module-path` are not followed: which code this process loads is
    for its settings to say, never for a name that comes from outside (RFC 7512 §5)."""
    if "pin-value" in query:  # RFC 7512 §5: it would stay in histories and logs
        raise KeyRefused("a PIN does not belong in a PKCS#11 URI: name its file with pin-source=file:")
    source = _text(query.get("pin-source", ""))
    if not source:
        return None
    path = source.removeprefix("file:").removeprefix("//")
    if source.startswith("|") or not path.startswith("/") or ":" in source.removeprefix("file:"):
        raise KeyRefused("the pin-source of a PKCS#11 URI must be file: and a whole path")
    return Path(path)
