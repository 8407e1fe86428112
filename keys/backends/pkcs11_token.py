"""The connection of this process to one PKCS#11 token: a log-in, and a session for each thread (PKCS #11 v3.1 §5.6).

Log-in belongs to the process and not to a session (§5.6.8). One session, opened with the PIN, holds it; the others
are opened without. A PIN that was refused is never tried again by this process: repeating it would lock the token.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import (
    AnotherUserAlreadyLoggedIn,
    ArgumentsBad,
    AttributeSensitive,
    AttributeTypeInvalid,
    AttributeValueInvalid,
    DataInvalid,
    DataLenRange,
    DomainParamsInvalid,
    EncryptedDataInvalid,
    EncryptedDataLenRange,
    FunctionNotSupported,
    KeySizeRange,
    KeyTypeInconsistent,
    MechanismInvalid,
    MechanismParamInvalid,
    MultipleTokensReturned,
    NoSuchKey,
    NoSuchToken,
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
    SessionHandleInvalid,
    SessionReadOnly,
    TemplateIncomplete,
    TemplateInconsistent,
    TokenWriteProtected,
    UserAlreadyLoggedIn,
    UserPinNotInitialized,
)

from keys.backends.bounded_calls import BoundedCalls, DoesNotAnswer
from keys.backends.pkcs11_library import Pkcs11Library
from keys.backends.pkcs11_mechanisms import Offer, offers
from keys.backends.pkcs11_uri import Pkcs11Uri
from keys.errors import KeyUnavailable
from keys.spec import SignatureAlgorithm

_PIN_ERRORS = (PinIncorrect, PinInvalid, PinLenRange, PinLocked, PinExpired, UserPinNotInitialized)
_REQUEST_ERRORS = (  # the token is well and does not want this; a new session would change nothing
    AnotherUserAlreadyLoggedIn,
    ArgumentsBad,
    AttributeSensitive,
    AttributeTypeInvalid,
    AttributeValueInvalid,
    DataInvalid,
    DataLenRange,
    DomainParamsInvalid,
    EncryptedDataInvalid,
    EncryptedDataLenRange,
    FunctionNotSupported,
    KeySizeRange,
    KeyTypeInconsistent,
    MechanismInvalid,
    MechanismParamInvalid,
    MultipleTokensReturned,
    SessionReadOnly,
    TemplateIncomplete,
    TemplateInconsistent,
    TokenWriteProtected,
)
_CLASSES = {"private": ObjectClass.PRIVATE_KEY, "secret-key": ObjectClass.SECRET_KEY}
_Result = TypeVar("_Result")


class TokenSession:
    """One session of one thread, and the keys that were found in it.

    Attributes:
        raw: python-pkcs11's session.
        token: what python-pkcs11 knows of the token.
    """

    def __init__(self, raw: Any, library: Pkcs11Library, epoch: int) -> None:
        self.raw = raw
        self.epoch = epoch
        self._library = library
        self._keys: dict[Pkcs11Uri, Any] = {}
        self._offers: Mapping[SignatureAlgorithm, Offer] | None = None

    @property
    def token(self) -> Any:
        return self.raw.token

    def offers(self) -> Mapping[SignatureAlgorithm, Offer]:
        """What the token can do; asked once in a session."""
        if self._offers is None:
            self._offers = offers(self.token.slot)
        return self._offers

    def key(self, uri: Pkcs11Uri) -> Any:
        """The key; looked for once in a session, and refused if it may leave the token.

        Raises:
            NoSuchKey: there is none, or more than one.
            KeyUnavailable: the token says that it gives the key out.
        """
        found = self._keys.get(uri)
        if found is None:
            found = self.find(uri)
            if found[Attribute.EXTRACTABLE] or not found[Attribute.SENSITIVE]:
                raise KeyUnavailable(f"{uri} may leave its token, so it is not used")
            self._keys[uri] = found
        return found

    def find(self, uri: Pkcs11Uri) -> Any:
        """The key, whatever it is like.

        Raises:
            NoSuchKey: there is none, or more than one.
        """
        wanted: dict[Attribute, Any] = {Attribute.CLASS: _CLASSES[uri.type]}
        if uri.id:
            wanted[Attribute.ID] = uri.id
        if uri.object:
            wanted[Attribute.LABEL] = uri.object
        found = self.objects(wanted)
        if len(found) != 1:
            raise NoSuchKey
        return found[0]

    def objects(self, wanted: dict[Attribute, Any]) -> list[Any]:
        """What is on the token. The search is read to its end: an abandoned one would block the session.

        Raises:
            SessionHandleInvalid: the session or its log-in was lost, and private objects are out of sight.
        """
        if not self._library.logged_in(self.raw.handle):
            raise SessionHandleInvalid
        return list(self.raw.get_objects(wanted))


class _Login:
    """What all connections of this process to one token share: who is logged in, and which PIN is known."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.epoch = 0
        self.holder: Any = None  # the session that holds the log-in
        self.good: bytes | None = None  # digest of a PIN that the token took
        self.refused = False


_logins: dict[tuple[str, str], _Login] = {}


def _forget_locks() -> None:
    """A child process logs in by itself; a lock may be held by a thread that it does not have."""
    for login in _logins.values():
        login.lock, login.holder = threading.Lock(), None


os.register_at_fork(after_in_child=_forget_locks)


class Pkcs11Token:
    """Runs operations on one token, each within a time; reconnects once when the session was lost.

    Args:
        module: path of the library.
        label: label of the token.
        pin: asked for at each connection.
        sessions: how many operations at a time, where the library can.
        seconds: how long an operation may take.
    """

    def __init__(
        self, module: str, label: str, pin: Callable[[], str], *, sessions: int = 4, seconds: float = 5.0
    ) -> None:
        self._library = Pkcs11Library.at(module)
        self._calls = BoundedCalls(sessions, seconds=seconds)
        self._login = _logins.setdefault((module, label), _Login())
        self._local = threading.local()
        self._pin = pin
        self.label = label

    def run(self, operation: Callable[[TokenSession], _Result], *, seconds: float | None = None) -> _Result:
        """The result of `operation(session)`. It may be made twice, so it must leave nothing that a second run
        would trip over.

        Args:
            seconds: how long it may take, where that is not the usual time.

        Raises:
            KeyUnavailable: the token is gone, does not answer in time, refuses the PIN, has no such key or fails.
        """
        try:
            return self._calls.run(lambda: self._run(operation), seconds=seconds)
        except DoesNotAnswer as error:
            raise KeyUnavailable(f"token {self.label} does not answer: {error}") from None

    def _run(self, operation: Callable[[TokenSession], _Result]) -> _Result:
        try:
            epoch = self._library.epoch
            try:
                return self._once(operation)
            except (NoSuchKey, *_PIN_ERRORS, *_REQUEST_ERRORS):
                raise
            except PKCS11Error:
                self._library.restart(self._epoch_of_session(epoch), seconds=self._calls.seconds)
                return self._once(operation)
        except NoSuchKey:
            raise KeyUnavailable(f"token {self.label} has no such key") from None
        except NoSuchToken:
            raise KeyUnavailable(f"token {self.label} is not there") from None
        except PKCS11Error as error:
            raise KeyUnavailable(f"token {self.label}: {type(error).__name__}") from None

    def _once(self, operation: Callable[[TokenSession], _Result]) -> _Result:
        with self._library.entered():
            return operation(self._session())

    def _session(self) -> TokenSession:
        session: TokenSession | None = getattr(self._local, "session", None)
        if session is None or session.epoch != self._library.epoch:
            self._local.session = None
            session = self._local.session = self._open()
        return session

    def _epoch_of_session(self, otherwise: int) -> int:
        session: TokenSession | None = getattr(self._local, "session", None)
        return otherwise if session is None else session.epoch

    def _open(self) -> TokenSession:
        epoch = self._library.epoch
        token = self._library.token(self.label)
        login = self._login
        with login.lock:
            if login.epoch != epoch or login.holder is None:
                login.holder, login.epoch = self._log_in(token), epoch
        return TokenSession(token.open(rw=True), self._library, epoch)

    def _log_in(self, token: Any) -> Any:
        pin = self._pin()
        digest = hashlib.sha256(pin.encode()).digest()
        known = hmac.compare_digest(digest, self._login.good or b"")
        if self._login.refused and not known:
            raise KeyUnavailable(f"token {self.label}: the PIN was refused; correct it and restart")
        try:
            holder = token.open(rw=True, user_pin=pin)
        except UserAlreadyLoggedIn:
            return token.open(rw=True)
        except _PIN_ERRORS as error:
            self._login.refused = True
            if known:
                self._login.good = None
            raise KeyUnavailable(f"token {self.label}: {type(error).__name__}") from None
        self._login.good = digest
        return holder
