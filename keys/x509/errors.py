"""What can go wrong with certificates and their authorities, beyond `keys.errors`.

::

    KeysError
    ├── CertificateNotFound    no such certificate in the register            (NotFound)
    ├── CertificateConflict    its state, or another certificate, forbids it   (Conflict)
    ├── RequestRefused         a PKCS #10 request that is not granted          (InvalidInput)
    └── AuthorityUnknown       no authority of this name                       (NotFound)
"""

from __future__ import annotations

from core.errors import Conflict, InvalidInput, NotFound
from core.text import Text
from keys.errors import KeysError


class CertificateNotFound(KeysError, NotFound):
    """No such certificate in the register."""

    def __init__(self) -> None:
        text = Text("没有这张证书。", "There is no such certificate; look it up with its serial number.")
        super().__init__("certificate-not-found", text)


class CertificateConflict(KeysError, Conflict):
    """The state of the certificate, or another certificate for the key, does not allow the step."""

    def __init__(self, code: str, text: Text, *, private: str = "") -> None:
        super().__init__(code, text, private=private)


class RequestRefused(KeysError, InvalidInput):
    """A certification request that is not granted; the text says what to mend."""

    def __init__(self, text: Text, *, private: str = "") -> None:
        super().__init__("request-refused", text, private=private)


class AuthorityUnknown(KeysError, NotFound):
    """No authority has this name."""

    def __init__(self) -> None:
        text = Text("没有这个名称的证书签发机构。", "There is no certificate authority of this name.")
        super().__init__("authority-not-found", text)
