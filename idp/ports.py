"""Ports of the identity provider: the stores it needs and the messenger that reaches portals.

Every store method works inside the transaction it is given. Methods that decide a one-time thing answer True to
exactly one of many callers, on every backend.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from core.errors import AppError
from idp.model import (
    Account,
    AccountProfile,
    AccountStatus,
    Arrival,
    Client,
    ClientStatus,
    Confirmation,
    Consent,
    DeliveryHealth,
    HeldDocument,
    LogoutDelivery,
    Notice,
    Organisation,
    OrganisationStatus,
    Session,
    SessionClient,
    StaffRole,
    Standing,
    TokenFamily,
)


class AccountStore(Protocol):
    """People's accounts and staff roles."""

    async def add(self, tx: WriteTx, account: Account, indexes: Mapping[str, Sequence[bytes]]) -> bool:
        """False, and nothing changes, when the ID number or the phone belongs to another account.

        Args:
            indexes: blind indexes by kind of identifier, each under every accepted key: whatever keys two writers
                know, they meet under one of them.
        """

    async def get(self, tx: ReadTx, account_id: str) -> Account | None: ...

    async def hold(self, tx: WriteTx, account_id: str) -> Account | None:
        """As `get`; whoever changes the account waits until the caller has committed, and so finds what it wrote."""

    async def by_identifier(self, tx: ReadTx, indexes: Sequence[bytes]) -> Account | None:
        """The account that holds an identifier, whichever of its blind indexes is stored; if it was merged into another
        of the same person, that one."""

    async def merged(self, tx: ReadTx, account_id: str) -> Sequence[Account]:
        """Accounts of the same person that this one went on in place of."""

    async def change_status(
        self,
        tx: WriteTx,
        account_id: str,
        status: AccountStatus,
        *,
        reason: str = "",
        since: AccountStatus | None = None,
    ) -> bool:
        """False when there is no such account or it is closed, or has another status than `since`."""

    async def change_password(self, tx: WriteTx, account_id: str, password_hash: str) -> bool: ...

    async def renew_password_hash(self, tx: WriteTx, account_id: str, *, old: str, new: str) -> bool:
        """Keep another hash of the same password, if it still is `old`; the password may be changed meanwhile."""

    async def add_role(self, tx: WriteTx, role: StaffRole, at: dt.datetime) -> bool:
        """False when the person has the role already."""

    async def remove_role(self, tx: WriteTx, role: StaffRole) -> bool: ...

    async def roles(self, tx: ReadTx, account_id: str) -> Sequence[StaffRole]:
        """In the order in which they were given."""


class DocumentStore(Protocol):
    """Documents of people beside the citizen ID number, and whose a proved one is."""

    async def add(self, tx: WriteTx, document: HeldDocument, indexes: Sequence[bytes]) -> bool:
        """False, and nothing changes, when somebody has the document already.

        Args:
            indexes: its blind indexes under every accepted key; empty while it is not proved.
        """

    async def prove(self, tx: WriteTx, document_id: str, indexes: Sequence[bytes], at: dt.datetime) -> bool:
        """Make it a key of its person; False when it is somebody's, or was proved or removed before."""

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[HeldDocument]:
        """In the order in which they were added."""

    async def owner(self, tx: ReadTx, indexes: Sequence[bytes]) -> str | None:
        """The account whose proved document this is."""

    async def remove(self, tx: WriteTx, document_id: str, *, account_id: str) -> bool: ...


class OrganisationStore(Protocol):
    """Legal persons."""

    async def add(self, tx: WriteTx, organisation: Organisation, at: dt.datetime) -> bool: ...

    async def get(self, tx: ReadTx, uscc: str) -> Organisation | None: ...

    async def change_status(self, tx: WriteTx, uscc: str, status: OrganisationStatus) -> bool:
        """False when there is no such organisation or it has the status already."""


class ClientStore(Protocol):
    """Registered clients, and who a client's pairwise subjects are."""

    async def add(self, tx: WriteTx, client: Client) -> bool: ...

    async def get(self, tx: ReadTx, client_id: str) -> Client | None: ...

    async def change_status(self, tx: WriteTx, client_id: str, status: ClientStatus) -> bool: ...

    async def renew_digest(self, tx: WriteTx, client_id: str, *, old: str, new: str) -> bool:
        """Keep another digest of the same secret, if it still is `old`."""

    async def remember_subject(self, tx: WriteTx, *, subject: str, sector: str, account_id: str) -> None: ...

    async def account_of(self, tx: ReadTx, *, subject: str, sector: str) -> str | None: ...

    async def addresses_of_public(self, tx: ReadTx) -> Sequence[tuple[str, ...]]:
        """The redirect URIs of each public client that is active."""


class SessionStore(Protocol):
    """Single sign-on sessions and the portals entered through them."""

    async def add(self, tx: WriteTx, session: Session) -> None: ...

    async def by_cookie(self, tx: ReadTx, cookie_digests: Sequence[str]) -> Session | None:
        """The browser's session under one of the digests that a cookie's value may have."""

    async def arrival(self, tx: ReadTx, cookie_digests: Sequence[str], *, client_id: str) -> Arrival | None:
        """As `by_cookie`, with all that a log-in without a page needs to know, in one look."""

    async def get(self, tx: ReadTx, session_id: str) -> Session | None: ...

    async def renew(self, tx: WriteTx, session: Session, *, old_digest: str) -> bool:
        """Write cookie digest and times of `session`, if it lives and its cookie still is `old_digest`."""

    async def touch(self, tx: WriteTx, session_id: str, at: dt.datetime) -> None: ...

    async def prolong(self, tx: WriteTx, session_id: str, *, until: dt.datetime) -> bool:
        """Let a session that has no cookie live until then; False when it has ended."""

    async def end(self, tx: WriteTx, session_id: str, at: dt.datetime) -> bool:
        """True for the one caller who ended it."""

    async def act(self, tx: WriteTx, session_id: str, authorisation_id: str | None) -> bool:
        """Let the person act under an authorisation from now on, or for themselves; False when it has ended."""

    async def live_of_account(self, tx: ReadTx, account_id: str, now: dt.datetime) -> Sequence[Session]: ...

    async def join(self, tx: WriteTx, entered: SessionClient) -> bool:
        """True when the portal had not been entered through this session before."""

    async def clients(self, tx: ReadTx, session_id: str) -> Sequence[SessionClient]:
        """The portals entered, in order."""

    async def to_notify(self, tx: ReadTx, session_id: str) -> Sequence[SessionClient]:
        """Those of them that registered a back-channel logout URI."""

    async def by_sid(self, tx: ReadTx, *, client_id: str, sid: str) -> SessionClient | None: ...

    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int: ...


class TokenStore(Protocol):
    """Token families and single revoked access tokens."""

    async def add(self, tx: WriteTx, family: TokenFamily) -> None: ...

    async def by_code(self, tx: ReadTx, code_digests: Sequence[str]) -> TokenFamily | None:
        """The family under one of the digests that its code may have."""

    async def redeem(
        self,
        tx: WriteTx,
        family_id: str,
        *,
        at: dt.datetime,
        expires_at: dt.datetime,
        ends_at: dt.datetime,
        confirmation: Confirmation | None = None,
    ) -> bool:
        """Mark the code as used, set both ends, and bind the family to the key that was proved; True for one only."""

    async def rotate(
        self,
        tx: WriteTx,
        family_id: str,
        *,
        generation: int,
        at: dt.datetime,
        expires_at: dt.datetime,
        retry_digest: str | None,
    ) -> bool:
        """Step on from `generation`, if it is the current one and the family lives; True for one caller only."""

    async def use(
        self, tx: WriteTx, family_id: str, *, generation: int, at: dt.datetime, expires_at: dt.datetime
    ) -> bool:
        """Note a use without a step, if `generation` is the current one and the family lives; True for all then."""

    async def revoke(self, tx: WriteTx, family_id: str, *, at: dt.datetime, reason: str) -> bool:
        """True for the one caller who revoked it."""

    async def revoke_between(
        self, tx: WriteTx, *, account_id: str, client_id: str, at: dt.datetime, reason: str
    ) -> int:
        """Revoke all families of one person at one client; answers how many."""

    async def revoke_session(self, tx: WriteTx, session_id: str, *, at: dt.datetime, reason: str) -> int:
        """Revoke all families that were begun in a session; answers how many."""

    async def revoke_account(self, tx: WriteTx, account_id: str, *, at: dt.datetime, reason: str) -> int:
        """Revoke all families of one person, also those that outlived their session; answers how many."""

    async def standing(self, tx: ReadTx, family_id: str, *, token_id: str | None = None) -> Standing | None:
        """The family with all that decides over it, in one look."""

    async def newest(self, tx: ReadTx, *, session_id: str, client_id: str) -> Standing | None:
        """The family whose tokens a client was handed last in a session, and were not revoked."""

    async def revoke_token(self, tx: WriteTx, token_id: str, *, expires_at: dt.datetime) -> None: ...

    async def is_token_revoked(self, tx: ReadTx, token_id: str) -> bool: ...

    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int: ...


class ConsentStore(Protocol):
    """Remembered consents."""

    async def get(self, tx: ReadTx, *, account_id: str, client_id: str) -> Consent | None: ...

    async def hold(self, tx: WriteTx, *, account_id: str, client_id: str) -> Consent | None:
        """As `get`; a withdrawal waits until the caller has committed, and so finds what rests on the consent."""

    async def remember(self, tx: WriteTx, consent: Consent) -> None:
        """Set the consent for this person and client, replacing an earlier one."""

    async def withdraw(self, tx: WriteTx, *, account_id: str, client_id: str) -> bool: ...

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Consent]: ...


class ProfileStore(Protocol):
    """What people stated about themselves, sealed."""

    async def get(self, tx: ReadTx, account_id: str) -> AccountProfile | None: ...

    async def put(self, tx: WriteTx, profile: AccountProfile) -> None:
        """Set it, replacing an earlier one."""

    async def replace(self, tx: WriteTx, profile: AccountProfile, *, since: dt.datetime) -> bool:
        """Only while the one that was stated at `since` is still there; False, and no change, if it is not."""


class NoticeStore(Protocol):
    """What people are told about their accounts."""

    async def add(self, tx: WriteTx, notice: Notice) -> None: ...

    async def unseen(self, tx: ReadTx, account_id: str, limit: int) -> Sequence[Notice]:
        """Those that were not put away, the newest first."""

    async def see(self, tx: WriteTx, notice_id: str, *, account_id: str, at: dt.datetime) -> bool:
        """True when it was this person's, and not put away before."""

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int: ...


class DeliveryStore(Protocol):
    """Logout tokens on their way to portals."""

    async def add(self, tx: WriteTx, deliveries: Sequence[LogoutDelivery]) -> None: ...

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[LogoutDelivery]: ...

    async def claim(self, tx: WriteTx, delivery: LogoutDelivery, *, until: dt.datetime) -> bool:
        """Take a pending delivery for one attempt; True for one caller only until `until`."""

    async def finish(self, tx: WriteTx, delivery: LogoutDelivery) -> None:
        """Write state, due time and result of an attempt."""

    async def of_client(
        self, tx: ReadTx, client_id: str, limit: int, *, before: tuple[dt.datetime, str] | None = None
    ) -> Sequence[LogoutDelivery]:
        """The newest first; those that come after the row with this moment and id."""

    async def health(self, tx: ReadTx, client_id: str, *, since: dt.datetime) -> DeliveryHealth:
        """How the client took what was begun at `since` or later."""

    async def failing(self, tx: ReadTx, client_ids: Sequence[str], *, since: dt.datetime, failures: int) -> set[str]:
        """Those among them whose newest notices, at least so many, have all been tried in vain since a moment."""

    async def try_again(self, tx: WriteTx, delivery_id: str, *, client_id: str, at: dt.datetime) -> bool:
        """Make one that was given up pending and due, with a fresh count of attempts; False when it was not."""

    async def delete_finished(self, tx: WriteTx, before: dt.datetime) -> int: ...


class LogoutMessenger(Protocol):
    """Posts a logout token to a portal."""

    async def post(self, uri: str, logout_token: str) -> str:
        """
        Returns:
            `delivered`, or a short word for what went wrong: `status-500`, `timeout`, `unreachable`, `address-refused`.
        """


class ClientErrors(Protocol):
    """Takes note of refused requests, for the developers of the client to read."""

    def note(self, client_id: str | None, endpoint: str, error: AppError) -> None:
        """Does not wait and never fails.

        Args:
            client_id: the client that the request names, believed or not; nothing happens where none is registered.
            endpoint: short word: `token`, `par`, `authorize`, `userinfo`, `introspect`, `register`,
                `device`, `backchannel`, `backchannel-notification`.
        """
