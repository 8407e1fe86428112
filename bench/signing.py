"""Sealing and judging PDFs beside stock pyHanko, npm @libpdf/core and the raw key operation; one run, one core.

Rows `sign.KEY.PAGES[.visible]` and `verify.KEY.PAGES`: bytes in and bytes out at PAdES B-B, keys loaded once; per
second of processor time, the sides taking turns. Judging is the whole use case, its register in SQLite; pyHanko's is
its validator under the same root. Every file that counts was judged valid by both. Then the levels beyond B-B, a file
of 500 MB over HTTP, and on all cores a batch of 2,000.
"""

from __future__ import annotations

from bench import signing_batch, signing_large, signing_levels
from bench.processor import interleaved, on_one_core, repeated
from bench.report import Row, Told, rate
from bench.signing_peers import LIBPDF, PYHANKO, LibPdf, PyHanko
from bench.signing_world import KEYS, Authority, BenchKey, OurJudge, bench_key, document

SECONDS = 1.0
PAGES = (1, 100)


def measure() -> list[Row]:
    """Files per second of one core, ours and the peers'."""
    told, authority = Told(), Authority()
    with on_one_core(), LibPdf() as libpdf, OurJudge(authority) as judge:
        for name in KEYS:
            key = bench_key(authority, name)
            pyhanko = PyHanko(key, authority.root)
            for pages in PAGES:
                content = document(pages)
                told(*_sealing(key, content, f"{name}.{pages}p", judge, pyhanko, libpdf))
                told(*_sealing(key, content, f"{name}.{pages}p", judge, pyhanko))
                told(_judging(key.seal(content, visible=True), f"verify.{name}.{pages}p", judge, pyhanko))
        signing_levels.measure(told)
    signing_large.measure(told)
    return [*told.rows, *signing_batch.measure()]


def _sealing(
    key: BenchKey, content: bytes, name: str, judge: OurJudge, pyhanko: PyHanko, libpdf: LibPdf | None = None
) -> list[Row]:
    """With a visible seal, unless libpdf takes part, which draws none."""
    visible, id = libpdf is None, f"sign.{name}{'' if libpdf else '.visible'}"
    for made in (key.seal(content, visible=visible), pyhanko.seal(content, visible=visible)):
        if not (judge.accepts(made) and pyhanko.accepts(made)):
            raise SystemExit(f"{id}: a sealed file was not accepted by both sides")
    sides = [
        repeated(lambda: key.seal(content, visible=visible), SECONDS),
        repeated(lambda: pyhanko.seal(content, visible=visible), SECONDS),
        repeated(lambda: key.signer.sign(content[:200]), SECONDS / 2),
        *([libpdf.sealing(key, content, SECONDS)] if libpdf else []),
    ]
    ours, theirs, raw, *others = interleaved(*sides)
    rows = [
        rate(id, ours, "files/s", PYHANKO, theirs),
        rate(f"{id}.vs_raw", ours, "files/s", f"raw {key.name} signature", raw),
    ]
    if libpdf:
        if not judge.accepts(libpdf.last):
            raise SystemExit(f"{id}: libpdf's file was not accepted")
        rows.append(rate(f"{id}.vs_libpdf", ours, "files/s", LIBPDF, others[0]))
    return rows


def _judging(sealed: bytes, id: str, judge: OurJudge, pyhanko: PyHanko) -> Row:
    ours, theirs = interleaved(
        repeated(lambda: judge.accepts(sealed), SECONDS), repeated(lambda: pyhanko.accepts(sealed), SECONDS)
    )
    return rate(id, ours, "files/s", PYHANKO, theirs)
