"""Bytes into text, in pieces: UTF-8 with or without a mark, UTF-16 by its mark, else GB 18030."""

from __future__ import annotations

import codecs

from certstore.bulk.errors import FileRefused

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class TextPieces:
    """Decodes a file whose encoding its beginning gives away.

    The first piece decides: what is no UTF-8 there is read as GB 18030, which every older national system writes. A
    sign that the chosen encoding does not know ends the reading: a register with guessed names is worse than none.
    """

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = None

    def decode(self, piece: bytes, *, last: bool = False) -> str:
        """
        Raises:
            FileRefused: `encoding-unknown`.
        """
        if self._decoder is None:
            mark, name = _encoding_of(piece, last=last)
            self._decoder = codecs.getincrementaldecoder(name)(errors="strict")
            piece = piece[mark:]
        try:
            return self._decoder.decode(piece, last)
        except UnicodeDecodeError:
            raise FileRefused(
                "encoding-unknown",
                "文件编码读不懂。请另存为 UTF-8 或 GB 18030 再传。",
                "The file's encoding cannot be read. Save it as UTF-8 or GB 18030.",
            ) from None


def _encoding_of(beginning: bytes, *, last: bool) -> tuple[int, str]:
    """Length of the mark, and the encoding's name."""
    for mark, name in _MARKS:
        if beginning.startswith(mark):
            return len(mark), name
    try:
        codecs.getincrementaldecoder("utf-8")(errors="strict").decode(beginning, last)
    except UnicodeDecodeError:
        return 0, "gb18030"
    return 0, "utf-8"
