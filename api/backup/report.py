"""What a finished backup tells."""

from __future__ import annotations

from api.backup.model import BackupReport
from api.backup.write import Written


def backup_report(written: Written, seconds: float) -> BackupReport:
    manifest = written.manifest
    return BackupReport(
        archive=manifest.id,
        file=str(written.file),
        what=manifest.what,
        point=manifest.point,
        seconds=seconds,
        rows=manifest.rows,
        documents=manifest.documents,
        octets=written.octets,
        lost=manifest.lost,
        lost_count=manifest.lost_count,
        device_keys=manifest.device_keys,
        checkpoint=f"{manifest.audit_number}:{manifest.audit_hash}" if manifest.audit_hash else "",
    )
