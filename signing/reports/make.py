"""Makes the reports of a verification and seals them with the seal that the operator set aside for it.

Without such a seal there are reports all the same, and they say in their own words that nobody sealed them. With one,
a report that cannot be sealed now is not made at all: nobody may take an unsealed one for what it should have been.
"""

from __future__ import annotations

from core.clock import Clock
from core.db.database import Database
from core.errors import Unavailable
from core.files.reading import whole
from core.text import Text
from signing.levels import LevelPolicy
from signing.model import Seal, SealPdfCommand
from signing.places import Placement
from signing.ports import SealStore
from signing.profiles import PdfProfile
from signing.reports.model import REPORT_CLASS, REPORTS, Findings, Report
from signing.reports.ports import ReportSetter
from signing.reports.seal_xml import SealXml
from signing.seal_pdf import SealPdf
from signing.work_pool import WorkPool

PLACE = Placement(1, 158.0, 115.0)
"""Where the template leaves room for the seal: on the operator's name and the date."""


class MakeReports:
    """Turns findings into reports.

    Args:
        seal_code: of the seal for reports; empty for none.
    """

    def __init__(
        self,
        database: Database,
        store: SealStore,
        setter: ReportSetter,
        seal_pdf: SealPdf,
        seal_xml: SealXml,
        clock: Clock,
        pool: WorkPool,
        seal_code: str,
    ) -> None:
        self._database = database
        self._store = store
        self._setter = setter
        self._seal_pdf = seal_pdf
        self._seal_xml = seal_xml
        self._clock = clock
        self._pool = pool
        self._code = seal_code

    async def xml(self, findings: Findings) -> Report:
        """The report for machines, signed (XAdES) where a seal is set aside for it.

        Raises:
            core.errors.Unavailable: `report-seal-missing`, or the key does not answer.
            SealNotGranted, SealNotActive, SealUsesSpent
        """
        seal = await self._seal()
        if seal is None:
            return Report(findings.etsi)
        return await self._seal_xml(findings.etsi, seal_id=seal.id, actor=REPORTS, document_class=REPORT_CLASS)

    async def pdf(self, findings: Findings) -> Report:
        """The report for people, with the one for machines in it.

        Raises:
            As `xml`, and `busy` (core.errors.LimitExceeded).
        """
        seal = await self._seal()
        machines = await self.xml(findings)
        made = await self._pool.run(
            self._setter.set, findings.told, machines.content, sealed=seal is not None, made_at=self._clock.now()
        )
        if seal is None:
            return Report(made)
        sealed = await self._seal_pdf(
            SealPdfCommand(
                pdf=made,
                seal_id=seal.id,
                actor=REPORTS,
                document_class=REPORT_CLASS,
                placement=PLACE,
                keep=False,  # whoever asked keeps it
                level_policy=LevelPolicy.AT_LEAST_B_B,  # a report does not wait for a time-stamping authority
                profile=PdfProfile.PADES,  # whoever gets it verifies it, whatever reader they have
            )
        )
        return Report(whole(sealed.content), sealed.signature_id, sealed.level)

    async def _seal(self) -> Seal | None:
        if not self._code:
            return None
        async with self._database.read() as tx:
            seal = await self._store.seal_of_code(tx, self._code)
        if seal is None:
            raise Unavailable(
                "report-seal-missing",
                Text(
                    "验真报告专用章还没有刻好，报告没有出。请联系运营单位。",
                    "The seal for reports does not exist yet; no report was made. Tell the operator.",
                ),
            )
        return seal
