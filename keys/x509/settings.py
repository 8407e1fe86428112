"""Settings of the certificate authority: its addresses, and how long what it signs about revocation is good."""

from __future__ import annotations

from core.settings import Section


class PkiSettings(Section):
    """The certificate authority.

    Attributes:
        url: public base address of `/pki/…`, without a slash at its end; goes into every certificate.
        city: the O of the authorities' names.
        production: refuse development means.
        national: there are authorities with national algorithms too.
        national_backend: where SM2 keys of seals, their maker and their authority are made; None for where all are.
        refresh_seconds: how often a worker asks whether a certificate's status has changed: a revocation is known to
            every worker's lists and answers after this time.
        list_hours: how long a revocation list is good; a new one is made at half of it, and at every change.
        answer_minutes: how long an OCSP answer is good; it is signed again at half of it, and after a change.
        parts_from: with so many entries and more, certificates are served the part of the list that they belong to.
        answers_kept: OCSP answers that a worker keeps in memory.
    """

    url: str
    city: str
    production: bool = True
    national: bool = False
    national_backend: str | None = None
    refresh_seconds: float = 5.0
    list_hours: float = 24.0
    answer_minutes: float = 60.0
    parts_from: int = 10_000
    answers_kept: int = 100_000
