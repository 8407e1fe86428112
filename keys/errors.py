"""What can go wrong at the crypto boundary. None of these texts ever holds key bytes, a PIN or personal data.

::

    KeysError
    ├── KeyMissing            no active key for the purpose                (Unavailable)
    ├── KeysStale             nobody knows whether a key was revoked       (Unavailable)
    ├── KeyUnavailable        the token or device does not answer          (Unavailable)
    ├── LibraryMissing        the system has no libcrypto that can it      (Unavailable)
    ├── AlgorithmNotOffered   the place for new keys does not have it      (Unavailable)
    ├── AlgorithmEnded        the key may no longer sign for its purpose   (Unavailable)
    ├── KeyStoreDamaged       a stored key does not open: it was changed   (Unavailable)
    ├── KeyStoreNewer         a later version has made the key store       (Unavailable)
    ├── MasterKeyMissing      no master key where one must be              (Unavailable)
    ├── MasterKeyUnsafe       others may read the master key file          (Unavailable)
    ├── MasterKeyWrong        the master key belongs to another store      (Unavailable)
    ├── FieldDamaged          an encrypted value does not open             (Unavailable)
    ├── TokenRejected         a token that we do not accept                (NotAuthenticated)
    ├── KeyStateConflict      the key is in no state for this              (Conflict)
    ├── KeyRefused            algorithm, size or purpose not allowed       (InvalidInput)
    ├── SignatureRefused      a signature that does not count              (InvalidInput)
    ├── CertificateRefused    a certificate that we must not issue         (InvalidInput)
    ├── ChainRefused          a certification path that does not hold      (InvalidInput)
    ├── ShareRefused          a share of a split secret that is wrong      (InvalidInput)
    ├── DevelopmentOnly       a development means in production            (NotPermitted)
    └── HashingBusy           too many passwords are waiting               (LimitExceeded)
"""

from __future__ import annotations

from core.errors import AppError, Conflict, InvalidInput, LimitExceeded, NotAuthenticated, NotPermitted, Unavailable
from core.text import Text

_STORE_REMEDY = Text(
    "密钥库无法使用，请联系系统管理员。",
    "The key store cannot be used; ask the system administrator.",
)


class KeysError(AppError):
    """Root of the errors of this package."""


class KeyMissing(KeysError, Unavailable):
    """No active key for the purpose."""

    def __init__(self, purpose: str) -> None:
        text = Text(
            "所需的密钥尚未生成，请联系系统管理员。", "A key is not there yet; ask the system administrator to make it."
        )
        super().__init__("key-missing", text, private=f"no active key for {purpose}")


class AlgorithmEnded(KeysError, Unavailable):
    """The algorithm table no longer lets the purpose's active key sign."""

    def __init__(self, private: str) -> None:
        text = Text(
            "签名密钥的算法已到期停用，请联系系统管理员更换密钥。",
            "The algorithm of the signing key has come to its end; ask the system administrator to rotate the key.",
        )
        super().__init__("algorithm-ended", text, private=private)


class KeysStale(KeysError, Unavailable):
    """The key store has not answered for so long that a key in memory may have been revoked meanwhile."""

    def __init__(self, private: str) -> None:
        text = Text(
            "密钥库长时间没有响应，暂停使用密钥，请稍后再试。",
            "The key store has not answered for too long, so no key is used; try again in a moment.",
        )
        super().__init__("keys-stale", text, private=private)


class KeyUnavailable(KeysError, Unavailable):
    """The device that holds the key does not answer, or answers with an error."""

    def __init__(self, private: str) -> None:
        text = Text(
            "密码设备暂时不可用，请稍后再试。", "The cryptographic device does not answer; try again in a moment."
        )
        super().__init__("key-unavailable", text, private=private)


class LibraryMissing(KeysError, Unavailable):
    """The system's libcrypto is missing, too old, or was built without the national algorithms."""

    def __init__(self, private: str) -> None:
        text = Text(
            "本机缺少支持国密算法的 libcrypto（OpenSSL 3.0 以上），请联系系统管理员安装。",
            "This machine has no libcrypto with the national algorithms (OpenSSL 3.0 or later);"
            " ask the system administrator to install it.",
        )
        super().__init__("library-missing", text, private=private)


class AlgorithmNotOffered(KeysError, Unavailable):
    """The place where new keys are made does not have the algorithm."""

    def __init__(self, private: str) -> None:
        text = Text(
            "存放密钥的密码设备不支持所需的算法，什么都没有制作。请换用支持它的设备，或请系统管理员让这种密钥放在本机。",
            "The device for keys does not have the algorithm, so nothing was made. Use a device that has it, or ask the"
            " system administrator to keep such keys in software.",
        )
        super().__init__("algorithm-not-offered", text, private=private)


class KeyStoreDamaged(KeysError, Unavailable):
    """A stored key was changed: it does not open under the master key that the store belongs to."""

    def __init__(self, private: str) -> None:
        super().__init__("key-store-damaged", _STORE_REMEDY, private=private)


class KeyStoreNewer(KeysError, Unavailable):
    """A later version of this program has changed the key store's tables; there is no way back."""

    def __init__(self, private: str) -> None:
        text = Text(
            "密钥库由更新版本的程序管理，请运行该版本，或从升级前的备份恢复。",
            "A newer version manages this key store; run that version, or restore the backup from before its upgrade.",
        )
        super().__init__("key-store-newer", text, private=private)


class MasterKeyMissing(KeysError, Unavailable):
    """No master key where one must be."""

    def __init__(self, private: str) -> None:
        text = Text("未提供主密钥，服务不能启动。", "The master key is missing; the service cannot start without it.")
        super().__init__("master-key-missing", text, private=private)


class MasterKeyUnsafe(KeysError, Unavailable):
    """The master key is malformed, or others may read its file."""

    def __init__(self, private: str) -> None:
        text = Text("主密钥的格式或文件权限不安全。", "The master key is malformed or its file can be read by others.")
        super().__init__("master-key-unsafe", text, private=private)


class MasterKeyWrong(KeysError, Unavailable):
    """The master key is well-formed but belongs to another key store."""

    def __init__(self) -> None:
        text = Text("主密钥与密钥库不匹配。", "The master key does not belong to this key store.")
        super().__init__("master-key-wrong", text, private="give the master key with which the key store was made")


class FieldDamaged(KeysError, Unavailable):
    """An encrypted value does not open: it or its context was changed, or its key is unknown."""

    def __init__(self, private: str) -> None:
        text = Text(
            "一项加密数据无法读取，请联系系统管理员。",
            "An encrypted value cannot be read; tell the system administrator.",
        )
        super().__init__("field-damaged", text, private=private)


class TokenRejected(KeysError, NotAuthenticated):
    """A token that we do not accept. The caller is not told which check failed; the log is."""

    def __init__(self, reason: str) -> None:
        text = Text("令牌无效或已过期，请重新登录。", "The token is not valid or has expired; log in again.")
        super().__init__("token-rejected", text, private=reason)
        self.reason = reason


class KeyStateConflict(KeysError, Conflict):
    """The key exists already, or its state does not allow the step."""

    def __init__(self, code: str, private: str) -> None:
        text = Text(
            "密钥的当前状态不允许此操作。", "The state of the key does not allow this step; look at the keys again."
        )
        super().__init__(code, text, private=private)


class KeyRefused(KeysError, InvalidInput):
    """The algorithm, the size or the purpose of a key is not allowed."""

    def __init__(self, private: str) -> None:
        text = Text("不允许使用这种密钥。", "A key of this kind is not allowed.")
        super().__init__("key-refused", text, private=private)


class SignatureRefused(KeysError, InvalidInput):
    """A signature that is not by the key, or whose algorithm does not count for its use at its time."""

    def __init__(self, private: str) -> None:
        text = Text("签名无效。", "The signature does not hold.")
        super().__init__("signature-refused", text, private=private)


class CertificateRefused(KeysError, InvalidInput):
    """A certificate that we must not issue; the text says what to mend."""

    def __init__(self, text: Text, *, field: str | None = None) -> None:
        super().__init__("certificate-refused", text, field=field)


class ChainRefused(KeysError, InvalidInput):
    """A certification path that does not hold (RFC 5280 §6)."""

    def __init__(self, private: str) -> None:
        text = Text("证书链无效。", "The certificate chain does not hold.")
        super().__init__("chain-refused", text, private=private)


class ShareRefused(KeysError, InvalidInput):
    """A share of a split secret that is wrong, foreign or mistyped; the text names it and never quotes it.

    Attributes:
        index: the number of the share, where one is to blame.
    """

    def __init__(self, text: Text, *, index: int | None = None) -> None:
        super().__init__("share-refused", text)
        self.index = index


class DevelopmentOnly(KeysError, NotPermitted):
    """A means for development was asked for in production."""

    def __init__(self, what: str) -> None:
        text = Text("此功能只能在开发环境中使用。", "This exists for development only and is refused in production.")
        super().__init__("development-only", text, private=what)


class HashingBusy(KeysError, LimitExceeded):
    """Too many passwords are waiting to be hashed."""

    def __init__(self) -> None:
        text = Text(
            "当前登录人数较多，请稍后再试。", "Too many people are logging in right now; try again in a moment."
        )
        super().__init__("busy", text, retry_after=2)
