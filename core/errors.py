"""The error vocabulary that every package builds on; HTTP status codes exist only in `api/errors`.

::

    AppError
    ├── InvalidInput       the caller sent something that cannot be accepted
    ├── NotAuthenticated   nobody is known to be calling
    ├── NotPermitted       somebody is known, and may not
    ├── NotFound           absent, or not to be seen by this caller (the two look alike)
    ├── Conflict           the state has moved on, or the key was used for something else
    ├── LimitExceeded      too often, too large, too many
    └── Unavailable        a part that we depend on does not answer; nothing was done
"""

from __future__ import annotations

from core.text import Text


class AppError(Exception):
    """A failure that the caller can be told about.

    Args:
        code: stable, kebab-case name; the last part of the problem `type`. Never changes once released.
        text: what happened and what to do about it, without personal data.
        private: detail for the log, never sent to the caller; must not hold personal data either.
    """

    def __init__(self, code: str, text: Text, *, private: str = "") -> None:
        super().__init__(f"{code}: {private or text.en}")
        self.code = code
        self.text = text
        self.private = private


class InvalidInput(AppError):
    """The caller sent something that cannot be accepted; `field` names the part, when there is one."""

    def __init__(self, code: str, text: Text, *, field: str | None = None, private: str = "") -> None:
        super().__init__(code, text, private=private)
        self.field = field


class NotAuthenticated(AppError):
    """Nobody is known to be calling."""


class NotPermitted(AppError):
    """Somebody is known, and may not."""


class NotFound(AppError):
    """Absent, or not to be seen by this caller; the two are told apart only in the audit log."""


class Conflict(AppError):
    """The state has moved on since the caller looked, or a key was used for something else."""


class LimitExceeded(AppError):
    """Too often, too large or too many; `retry_after` is in seconds when waiting helps."""

    def __init__(self, code: str, text: Text, *, retry_after: int | None = None, private: str = "") -> None:
        super().__init__(code, text, private=private)
        self.retry_after = retry_after


class Unavailable(AppError):
    """A part that we depend on does not answer; nothing was done and asking again may help."""
