"""The process in which strangers' files are read: one file at a time, with no way out but its standard output.

Begun by `signing.isolation.cells` with the folder that our packages lie in, the memory that it may take (MiB), the
handle of the one file that it is begun for (or -1), and the modules whose functions it will be asked to run. Once they
are loaded it gives up every right that it does not need.

A request is two lengths (8 bytes each, big endian) and the seconds that it may take, a pickled pair of a function and
its arguments, and the file, unless the process has its handle. An answer is one byte for its kind, one that says
whether the process is ready for more, a length, and what is answered.
"""

from __future__ import annotations

import gc
import importlib
import importlib.abc
import logging
import os
import pickle
import resource
import struct
import sys
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from core.files.scratch import ScratchFile

ANSWER, REFUSAL, MEMORY, BROKEN = b"+", b"-", b"m", b"x"
NO_FILE = -1
REQUEST, REPLY = struct.Struct(">QQd"), struct.Struct(">cBQ")

_MOST_FILES = 2000  # read by one process
_GROWN_KIB = 96 << 10  # a process that a file made so much larger ends with it
# what libraries load at the moment they need it
_ALSO = (
    "_strptime",
    "encodings.ascii",
    "encodings.cp437",
    "encodings.latin_1",
    "encodings.utf_16",
    "encodings.utf_16_be",
    "encodings.utf_16_le",
    "lxml.etree",
    "pyhanko.pdf_utils.crypt._saslprep",
    "pyhanko.pdf_utils.crypt.pdfmac",
    "pyhanko.pdf_utils.filters",
    "pyhanko.pdf_utils.metadata.xmp_xml",
    "pyhanko.pdf_utils.rw_common",
    "pyhanko.pdf_utils.writer",
)


class LateImport(BaseException):
    """A module was wanted after the doors were shut; not an Exception, so that no parser takes it for a broken file."""


class _Shut(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> NoReturn:
        raise LateImport(name)


def main(root: str, mebibytes: int, handle: int, modules: Sequence[str]) -> None:
    sys.path.append(root)
    for module in (*modules, *_ALSO):
        importlib.import_module(module)
    from core.files.scratch import Scratch, ScratchFile
    from keys.libcrypto.library import available
    from signing.isolation.limits import confine

    available()  # libcrypto is looked for among the machine's files, which are out of reach later
    file = None if handle == NO_FILE else ScratchFile.over(handle, Scratch())
    logging.disable(logging.CRITICAL)
    gc.collect()
    gc.freeze()
    confine(mebibytes)
    sys.meta_path.insert(0, _Shut())
    begun = _largest()
    with os.fdopen(0, "rb") as requests, os.fdopen(1, "wb", 0) as answers:
        answers.write(REPLY.pack(ANSWER, 1, 0))
        for left in reversed(range(_MOST_FILES)):
            kind, payload = _answer(requests, file)
            more = left > 0 and kind in (ANSWER, REFUSAL) and _largest() - begun < _GROWN_KIB
            answers.write(REPLY.pack(kind, more, len(payload)))
            _write(answers, payload)
            if not more:
                return


def _answer(requests: IO[bytes], file: ScratchFile | None) -> tuple[bytes, bytes]:
    from core.errors import AppError
    from signing.isolation.limits import allow_seconds
    from signing.isolation.task import encode, refusal_of

    head, size, seconds = REQUEST.unpack(_exactly(requests, REQUEST.size))
    work, arguments = pickle.loads(_exactly(requests, head))  # noqa: S301 - from the process that began this one
    content = _exactly(requests, size) if file is None else file.head(size)
    allow_seconds(seconds)
    try:
        return ANSWER, encode(work(content, *arguments))
    except AppError as refused:
        return REFUSAL, encode(refusal_of(refused))
    except MemoryError:
        return MEMORY, b""
    except BaseException as e:
        return BROKEN, f"{type(e).__name__} {e if isinstance(e, LateImport) else ''}".encode("utf-8", "replace")[:200]


def _exactly(requests: IO[bytes], size: int) -> bytes:
    content = requests.read(size)
    if len(content) < size:
        os._exit(0)  # whoever asked is gone
    return content


def _write(answers: IO[bytes], payload: bytes) -> None:
    left = memoryview(payload)
    while left:
        left = left[answers.write(left) :]


def _largest() -> int:
    """KiB of memory at the highest so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
