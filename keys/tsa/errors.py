"""What can go wrong with time-stamps.

::

    KeysError
    ├── RequestRefused         a request that is answered with a rejection        (InvalidInput)
    ├── TimeNotAvailable       our clock is not to be trusted right now           (Unavailable)
    ├── AuthorityBusy          too many requests wait for the key                 (LimitExceeded)
    ├── TimestampRefused       a token that proves nothing                        (InvalidInput)
    ├── AnswerRefused          an authority rejected us, or answered with garbage (Unavailable)
    └── TimestampUnavailable   no authority gave a token that counts              (Unavailable)
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from core.errors import InvalidInput, LimitExceeded, Unavailable
from core.text import Text
from keys.errors import KeysError


class Failure(IntEnum):
    """PKIFailureInfo: the bit that tells why a request was rejected (RFC 3161 §2.4.2)."""

    BAD_ALGORITHM = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    ADDITIONAL_INFO_NOT_AVAILABLE = 17
    SYSTEM_FAILURE = 25


class Fault(StrEnum):
    """Why a token proves nothing."""

    MALFORMED = "malformed"  # not one strictly encoded token with one signer
    ALGORITHM = "algorithm"  # a digest or a signature algorithm that is not accepted
    IMPRINT = "imprint"  # made for other data
    NONCE = "nonce"  # an answer to another request
    POLICY = "policy"  # issued under a policy that was not asked for
    BINDING = "binding"  # does not say which certificate signed it, or names another
    SIGNATURE = "signature"  # not made by the certificate's key
    USAGE = "usage"  # the certificate is not for time-stamping alone
    TIME = "time"  # outside the certificate's life, or in the future
    EXPIRED = "expired"  # the certificate has ended since, and nothing newer vouches for the token
    TRUST = "trust"  # no accepted authority stands behind it


_TEXTS: dict[Fault, Text] = {
    Fault.MALFORMED: Text("时间戳的格式有误。", "The time-stamp is malformed."),
    Fault.ALGORITHM: Text("时间戳使用了不被接受的算法。", "The time-stamp uses an algorithm that is not accepted."),
    Fault.IMPRINT: Text("时间戳属于另一份内容。", "The time-stamp was made for other content."),
    Fault.NONCE: Text("时间戳答复的是另一个请求。", "The time-stamp answers another request."),
    Fault.POLICY: Text("时间戳的签发策略不被接受。", "The time-stamp was issued under a policy that is not accepted."),
    Fault.BINDING: Text("时间戳没有指明签发它的证书。", "The time-stamp is not bound to the certificate that made it."),
    Fault.SIGNATURE: Text("时间戳的签名无效。", "The signature of the time-stamp does not hold."),
    Fault.USAGE: Text("签发时间戳的证书不是时间戳证书。", "The certificate is not one for time-stamping alone."),
    Fault.TIME: Text("时间戳的时间不可信。", "The time in the time-stamp cannot be right."),
    Fault.EXPIRED: Text(
        "时间戳的证书已经到期，且没有更新的时间戳保护它。",
        "The time-stamp's certificate has ended and no newer time-stamp protects it.",
    ),
    Fault.TRUST: Text("时间戳的签发机构不受信任。", "No accepted authority stands behind the time-stamp."),
}


class RequestRefused(KeysError, InvalidInput):
    """A request that is answered with a rejection; the requester is told `text` and `failure`."""

    def __init__(self, failure: Failure, text: Text) -> None:
        super().__init__("timestamp-request-refused", text)
        self.failure = failure


class TimeNotAvailable(KeysError, Unavailable):
    """The clock cannot be relied on, so no time is certified."""

    def __init__(self, private: str) -> None:
        text = Text("可信时间暂不可用，没有签发时间戳。", "No reliable time is available; no time-stamp was issued.")
        super().__init__("time-not-available", text, private=private)


class AuthorityBusy(KeysError, LimitExceeded):
    """Too many requests wait for the key."""

    def __init__(self) -> None:
        text = Text("时间戳请求过多，请稍后再试。", "Too many time-stamp requests right now; try again in a moment.")
        super().__init__("timestamp-busy", text, retry_after=1)


class TimestampRefused(KeysError, InvalidInput):
    """A token that proves nothing, and why."""

    def __init__(self, fault: Fault, private: str = "") -> None:
        super().__init__("timestamp-refused", _TEXTS[fault], private=f"{fault}: {private}" if private else str(fault))
        self.fault = fault


class AnswerRefused(KeysError, Unavailable):
    """An authority rejected the request, or what it answered is no answer."""

    def __init__(self, private: str) -> None:
        text = Text("时间戳机构没有给出可用的答复。", "The time-stamping authority gave no usable answer.")
        super().__init__("timestamp-answer-refused", text, private=private)


class TimestampUnavailable(KeysError, Unavailable):
    """No authority gave a token that counts. Nothing was time-stamped."""

    def __init__(self, private: str) -> None:
        text = Text(
            "没有取得可信时间戳，什么都没有做。请稍后再试，或请管理员检查时间戳服务。",
            "No reliable time-stamp could be had and nothing was done. Try again later, or ask the administrator "
            "to look at the time-stamping services.",
        )
        super().__init__("timestamp-unavailable", text, private=private)
