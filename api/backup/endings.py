"""What can end, table by table: licences, consents, rights, seals, keys, certificates.

An old backup brings back what ended after it. A journal holds the endings since, and is replayed over the restored
rows; it never brings anything to life. Every table must be named here: a test sees to it that none is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows that leave a state and do not come back, or come back only by a new act.

    Attributes:
        state: the column.
        living: states in which a row is good; a row in any other goes into the journal.
        order: the states from first to last, or a column of numbers that only grows: the journal's row counts
            only when it is further on.
        carried: further columns that go with the state.
        erased: columns that are emptied where the journal's are empty: destroyed keys stay destroyed.
        added: a row that is not here at all is added, whole.
    """

    state: str
    living: Sequence[str]
    order: Sequence[str] | str
    carried: Sequence[str] = ()
    erased: Sequence[str] = ()
    added: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """Rows of a list that only grows; those that are missing are added.

    Attributes:
        since: column with the moment of the row; None to carry all rows.
        without: a column, and the values with which a row is no ending.
        parent: column and table: a row whose parent is not here is left out.
    """

    since: str | None
    without: tuple[str, Sequence[str]] | None = None
    parent: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """Rights that are deleted, or narrowed: what the journal no longer lists goes, the rest takes its newer terms."""

    terms: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class EndedAtRestore:
    """A restore ends all of it by itself, whatever the journal says."""


@dataclass(frozen=True, slots=True)
class NothingEnds:
    """Records and catalogues: nothing in it gives anybody a right that could have ended."""

    why: str


Ending = Moved | Added | Kept | EndedAtRestore | NothingEnds

DOMAIN_ENDINGS: Mapping[str, Ending] = {
    "account": Moved("status", ["active"], ["active", "frozen", "closed"], ["status_reason", "merged_into"]),
    "identity_evidence": Moved("ended_for", [""], ["", "replaced", "expired", "key-removed"], ["ended_at"]),
    "window_proof": NothingEnds("questions of an hour"),
    "source_position": NothingEnds("read again from there; what is reported twice is told twice"),
    "account_index": NothingEnds("names only"),
    "person_document": NothingEnds("names only; the account has the state"),
    "person_document_index": NothingEnds("names only"),
    "account_departure": NothingEnds("a wish that the person takes back or not; the account has the state"),
    "person_proposal": Moved("state", ["open"], ["open", "done", "refused", "withdrawn"], ["decided_by", "decided_at"]),
    "organisation": NothingEnds("names only"),
    "staff_role": Kept(["limits", "until"]),
    "staff_member": NothingEnds("where somebody works; what they may do is a role"),
    "staff_proposal": Moved(
        "state", ["open"], ["open", "approved", "refused", "withdrawn"], ["decided_by", "decided_at"]
    ),
    "protected_resource": Moved("status", ["active"], ["active", "disabled"]),
    "resource_scope": NothingEnds("ends with its resource"),
    "client": Moved("status", ["pending", "active"], ["pending", "active", "disabled", "removed"]),
    "client_registration": Kept(["access_digest", "revision"]),
    "client_proposal": Moved(
        "state", ["open"], ["open", "approved", "refused", "withdrawn"], ["decided_by", "decided_at"]
    ),
    "client_error": NothingEnds("record"),
    "registration_permit": Moved("state", ["open"], ["open", "ended"], ["ended_at", "uses"]),
    "pairwise_subject": NothingEnds("names only"),
    "session": EndedAtRestore(),
    "session_client": EndedAtRestore(),
    "token_family": EndedAtRestore(),
    "revoked_token": Added(None),
    "portal_consent": Kept(["scopes"]),
    "account_profile": NothingEnds("content; the account has the state"),
    "authorisation": Moved(
        "state", ["offered", "active"], ["offered", "active", "declined", "ended"], ["ended_at", "ended_for"]
    ),
    "account_notice": NothingEnds("messages to people"),
    "login_record": NothingEnds("record"),
    "data_export": NothingEnds("work of some minutes; its content is never in a backup"),
    "security_event": NothingEnds("record"),
    "known_device": NothingEnds("opens nothing: whose tries are counted apart"),
    "logout_delivery": NothingEnds("messages that end sessions"),
    "upstream_provider": Moved("status", ["active"], "revision", ["revision"]),
    "upstream_link": Kept(),
    "upstream_bar": Added("since", parent=("provider_id", "upstream_provider")),
    "upstream_session": EndedAtRestore(),
    "authenticator": Kept(["last_step"]),
    "recovery_codes": Kept(["content", "revision"]),
    "login_rule": Kept(["acr", "refused", "revision"]),
    "passkey": Kept(["state"]),
    "person_certificate": Kept(),
    "backchannel_request": NothingEnds("questions of some minutes; what they began ends at the restore"),
    "licence_type": NothingEnds("catalogue"),
    # a series goes on where it was: no number is drawn again after an old backup
    "face_template": NothingEnds("catalogue"),
    "licence_number_series": Moved("series", [], "last", ["last"], added=True),
    "service_item": NothingEnds("catalogue"),
    "item_material": NothingEnds("catalogue"),
    "consumer_grant": Kept(["fields", "valid_from", "valid_until"]),
    "licence": Moved("state", ["draft", "valid"], "revision", ["revision"]),
    "licence_version": NothingEnds("content; the licence has the state"),
    "licence_holder": NothingEnds("content; the licence has the state"),
    "licence_import": NothingEnds("how far it got is one transaction with what it wrote"),
    "licence_import_part": NothingEnds("rows of registers, which go a month after their import"),
    "licence_import_fault": NothingEnds("what is wrong with rows"),
    "licence_import_difference": NothingEnds("rows whose holders have another name elsewhere"),
    "licence_import_sighting": NothingEnds("what rows of a run had; emptied when it ends"),
    "licence_draft": NothingEnds("nothing was issued yet; the authority looks it over before it is"),
    "ending_proposal": Moved(
        "state", ["open"], ["open", "done", "refused", "withdrawn", "lapsed"], ["decided_by", "decided_at"]
    ),
    "licence_transfer": Added(None),
    "licence_mark": NothingEnds("keeps a second licence out"),
    "licence_mark_index": NothingEnds("names only"),
    "licence_event": Added("at", without=("state", ["draft", "valid"]), parent=("licence_id", "licence")),
    "licence_status_entry": Added("taken_at", parent=("licence_id", "licence")),  # no place is given twice
    "licence_file": NothingEnds("content; the licence has the state"),
    "licence_file_care": NothingEnds("work to do; a file that is looked after twice only lasts longer"),
    "licence_copy": NothingEnds("ends on its own day, with its licence and with its consent"),
    "consent": Moved(
        "state",
        ["pending", "granted"],
        ["pending", "granted", "refused", "withdrawn"],
        ["decided_at", "withdrawn_at"],
    ),
    "access_record": NothingEnds("record"),
    "objection": NothingEnds("a case that its authority answers; what came of it is the licence's next version"),
    "objection_step": NothingEnds("record"),
    "objection_evidence": NothingEnds("content; the objection has the state"),
    "use_statistic": NothingEnds("counts"),
    "statistic_case": NothingEnds("keeps a case from being counted twice"),
    "job_position": NothingEnds("read again from there; what was counted is in the same backup"),
    "licence_reminder": NothingEnds("keeps a reminder from being sent twice"),
    "holder_departure": NothingEnds("a list for those who decide; the licence has the state"),
    "licence_attachment": NothingEnds("content; the licence has the state"),
    "licence_share": Moved("state", ["open"], ["open", "withdrawn"], ["views", "tries"]),
    "entrustment": Moved(
        "state",
        ["offered", "active"],
        ["offered", "active", "declined", "ended"],
        ["uses", "answered_at", "ended_at", "ended_for"],
    ),
    "entrustment_case": NothingEnds("which cases were counted; the entrustment has the state"),
    "entrustment_done": NothingEnds("record"),
    # shows people later what an old backup would show them early: an ending that is lost makes nothing visible
    "look_delay": Moved(
        "state", ["proposed", "active"], ["proposed", "active", "refused", "ended"], ["decided_by", "until"]
    ),
    "licence_change": NothingEnds("record; places are never given twice, not even after a restore"),
    "change_feed": NothingEnds("how far the record goes"),
    "subscription": Moved("state", ["active", "paused", "halted"], ["active", "paused", "halted", "ended"]),
    "subscription_secret": Kept(),
    "subscription_letter": NothingEnds("messages"),
    "subscription_day": NothingEnds("counts"),
    "exemption_check": NothingEnds("a case that is gone on with; each step asks for the right anew"),
    "exemption_delivery": NothingEnds("which copies stand in; a copy ends by itself"),
    "use_code": Kept(["uses", "ends_at"]),  # one that was redeemed, or ended, after the backup stays so
    "seal": Moved(
        "status",
        ["made", "active"],
        ["made", "active", "suspended", "revoked", "replaced", "destroyed"],
        ["revoked_at"],
    ),
    "seal_application": Moved(
        "status", ["applied", "approved"], ["applied", "approved", "refused", "withdrawn", "made"], ["seal_id"]
    ),
    "seal_event": NothingEnds("record"),
    "seal_request": Moved(
        "state",
        ["open", "approved"],
        ["open", "approved", "sealed", "refused", "withdrawn", "lapsed"],
        ["signature_id"],
    ),
    "seal_batch": Moved(
        "state",
        ["collecting", "asked", "running", "halted"],
        ["collecting", "asked", "running", "halted", "done", "refused", "cancelled", "lapsed"],
        ["finished_at"],
    ),
    # what was sealed after the backup is not sealed again
    "seal_batch_file": Moved("state", ["waiting"], ["waiting", "refused", "cancelled", "sealed"], ["signature_id"]),
    "seal_certificate": NothingEnds("which certificates are a seal's; the register has their states"),
    "seal_national": NothingEnds("editions of a seal; it has the state, the key store the keys"),
    "seal_department": NothingEnds("what is made where nobody chooses"),
    # one that was used up or taken back after the backup stays so
    "seal_grant": Kept(
        ["document_classes", "valid_from", "valid_to", "max_uses", "uses", "approval", "form", "ended_at"]
    ),
    "seal_signature": NothingEnds("record"),
    "document_care": NothingEnds("work to do; a file that is looked after twice only lasts longer"),
    "seal_log_entry": NothingEnds("record"),
    "seal_log_end": NothingEnds("record"),
    "seal_log_tile": NothingEnds("computed from the record"),
    "seal_log_checkpoint": NothingEnds("record; whoever keeps a later one outside sees the gap"),
    "renewal_proposal": Moved(
        "state", ["open", "working"], ["open", "working", "done", "refused", "withdrawn"], ["decided_by", "state_since"]
    ),
    "reencryption_job": NothingEnds("work in progress"),
    "discarded_document": NothingEnds("work in progress"),
    "backup_run": NothingEnds("record"),
    "audit_event": NothingEnds("record; its gap is itself on record"),
    "audit_head": NothingEnds("record"),
    "audit_tile": NothingEnds("computed from the record"),
    "audit_checkpoint": NothingEnds("record; whoever keeps a later one outside sees the gap"),
    "audit_witness": NothingEnds("how far others are, who say so themselves when asked again"),
    "idempotency_key": NothingEnds("keeps a write from happening twice"),
}

KEY_ENDINGS: Mapping[str, Ending] = {
    "key_store_version": NothingEnds("one row of facts"),
    # a key that was only replaced is still good; one that was retired must not be accepted again
    "keys": Moved(
        "state",
        ["next", "active", "verify-only"],
        ["next", "active", "verify-only", "retired"],
        ["state_since"],
        ["sealed"],
    ),
    # one that was issued and revoked after the backup must be on the next list too
    "certificate_register": Moved(
        "status", ["good"], ["good", "held", "revoked"], ["reason", "revoked_at", "invalidity_at"], added=True
    ),
    "authorities": NothingEnds("their keys and certificates end"),
    "revocation_lists": NothingEnds("made anew at a restore"),
    # a list is replaced as a whole: the newest one says what is trusted no longer
    "trust_lists": Added("changed_at"),
    "trust_signers": Added(None),
    "key_journal": NothingEnds("record"),
    "tsa_serials": NothingEnds("jumps ahead at a restore"),
}
