"""Brings all tables of all domains into the one metadata."""

from __future__ import annotations

import certstore.stores.attachment_tables
import certstore.stores.bulk_tables
import certstore.stores.departure_tables
import certstore.stores.entrustment_tables
import certstore.stores.lasting_tables
import certstore.stores.life_tables
import certstore.stores.look_delay_tables
import certstore.stores.number_tables
import certstore.stores.objection_tables
import certstore.stores.share_tables
import certstore.stores.statistic_tables
import certstore.stores.status_tables
import certstore.stores.subscription_tables
import certstore.stores.tables
import certstore.stores.template_tables
import certstore.stores.use_tables
import core.audit.tables
import core.idempotency
import core.transparency.tables
import idp.stores.agency_tables
import idp.stores.ciba_tables
import idp.stores.evidence_tables
import idp.stores.export_tables
import idp.stores.factor_tables
import idp.stores.key_tables
import idp.stores.login_history_tables
import idp.stores.person_tables
import idp.stores.registration_tables
import idp.stores.resources_tables
import idp.stores.security_tables
import idp.stores.staff_tables
import idp.stores.tables
import idp.stores.upstream_tables
import keys.stores.backup_tables
import keys.stores.reencryption_tables
import keys.stores.renewal_tables
import signing.stores.batch_tables
import signing.stores.care_tables
import signing.stores.log_tables
import signing.stores.national_tables
import signing.stores.tables
from core.tables import metadata

ALL_TABLES = metadata
SOURCES = (
    core.audit.tables,
    core.idempotency,
    core.transparency.tables,
    keys.stores.backup_tables,
    keys.stores.reencryption_tables,
    keys.stores.renewal_tables,
    idp.stores.agency_tables,
    idp.stores.registration_tables,
    idp.stores.staff_tables,
    idp.stores.person_tables,
    idp.stores.tables,
    idp.stores.resources_tables,
    idp.stores.upstream_tables,
    idp.stores.ciba_tables,
    idp.stores.evidence_tables,
    idp.stores.export_tables,
    idp.stores.factor_tables,
    idp.stores.login_history_tables,
    idp.stores.key_tables,
    idp.stores.security_tables,
    certstore.stores.tables,
    certstore.stores.status_tables,
    certstore.stores.number_tables,
    certstore.stores.bulk_tables,
    certstore.stores.life_tables,
    certstore.stores.lasting_tables,
    certstore.stores.look_delay_tables,
    certstore.stores.subscription_tables,
    certstore.stores.template_tables,
    certstore.stores.use_tables,
    certstore.stores.attachment_tables,
    certstore.stores.share_tables,
    certstore.stores.departure_tables,
    certstore.stores.entrustment_tables,
    certstore.stores.statistic_tables,
    certstore.stores.objection_tables,
    signing.stores.batch_tables,
    signing.stores.log_tables,
    signing.stores.national_tables,
    signing.stores.tables,
)
