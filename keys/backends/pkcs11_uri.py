"""PKCS#11 URIs (RFC 7512): how a key on a token is named. A PIN never appears in one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote, unquote_to_bytes

from keys.errors import KeyRefused

_SCHEME = "pkcs11:"
_UNESCAPED = "-._~:[]@!$'()*+,=&"  # RFC 7512 §2.3, pk11-pchar without the percent sign


@dataclass(frozen=True, slots=True)
class Pkcs11Uri:
    """A private key: label of its token (CK_TOKEN_INFO.label) and its CKA_ID."""

    token: str
    id: bytes

    def __str__(self) -> str:
        token = quote(self.token, safe=_UNESCAPED.replace("=", ""))
        # RFC 7512 §2.3: every octet of an id is percent-encoded
        identifier = "".join(f"%{octet:02X}" for octet in self.id)
        return f"{_SCHEME}token={token};id={identifier};type=private"

    @classmethod
    def parse(cls, text: str) -> Pkcs11Uri:
        """
        Raises:
            KeyRefused: another scheme, a repeated attribute, or token and id not both there.
        """
        if not text.startswith(_SCHEME):
            raise KeyRefused("not a PKCS#11 URI")
        path = text.removeprefix(_SCHEME).partition("?")[0]
        attributes: dict[str, str] = {}
        for part in path.split(";"):
            name, _, value = part.partition("=")
            if name in attributes:  # RFC 7512 §2.3: an attribute must not be repeated
                raise KeyRefused(f"the PKCS#11 URI repeats {name}")
            attributes[name] = value
        if attributes.get("type", "private") != "private" or not attributes.get("token") or not attributes.get("id"):
            raise KeyRefused("the PKCS#11 URI does not name a private key by token and id")
        return cls(unquote(attributes["token"]), unquote_to_bytes(attributes["id"]))
