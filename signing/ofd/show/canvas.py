"""A content stream of a PDF (ISO 32000-2 §8, §9) and what it names.

Everything is written in the stream's own coordinates; only what is drawn itself has its matrix put before it. So
forms and patterns, which count from their stream's coordinates, can stand anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from signing.ofd.geometry import UNMOVED, Box, Matrix, Point
from signing.ofd.show.pdf_file import PdfFile, digits, matrix_text, written


@dataclass(slots=True)
class Names:
    """Resources of all streams of a file, by their kind and name.

    Attributes:
        number: of the dictionary of resources.
    """

    pdf: PdfFile
    number: int
    found: dict[str, dict[str, int]] = field(default_factory=dict)

    def name(self, kind: str, number: int) -> str:
        """The name by which object `number` is used."""
        known = self.found.setdefault(kind, {})
        name = f"{kind[0]}{number}"
        known[name] = number
        return name

    def put(self) -> None:
        """Write the dictionary of resources."""
        kinds = (
            f"/{kind} << " + " ".join(f"/{name} {number} 0 R" for name, number in known.items()) + " >>"
            for kind, known in self.found.items()
        )
        self.pdf.put(self.number, f"<< {' '.join(kinds)} >>")


@dataclass(slots=True)
class Canvas:
    """
    Attributes:
        base: from millimetres of the page, or of a cell, to the stream's coordinates.
        extent: what can be seen of it, in the stream's coordinates.
    """

    names: Names
    base: Matrix
    extent: Box
    parts: list[str] = field(default_factory=list)

    def put(self, *operators: str) -> None:
        self.parts.extend(operators)

    def beside(self) -> Canvas:
        """Another stream in the same coordinates."""
        return Canvas(self.names, self.base, self.extent)

    @property
    def content(self) -> bytes:
        return "\n".join(self.parts).encode()

    def path(self, steps: Iterable[tuple[str, Sequence[Point]]], matrix: Matrix = UNMOVED) -> None:
        for letter, points in steps:
            numbers = written(value for point in points for value in matrix.point(*point))
            self.put(f"{numbers} {_OPERATORS[letter]}" if numbers else "h")

    def clip(self, steps: Iterable[tuple[str, Sequence[Point]]], matrix: Matrix, *, even_odd: bool = False) -> None:
        """From now on only what lies inside; without steps nothing is seen."""
        before = len(self.parts)
        self.path(steps, matrix)
        if len(self.parts) == before:
            self.put("0 0 m")
        self.put("W* n" if even_odd else "W n")

    def clip_box(self, box: Box, matrix: Matrix) -> None:
        self.clip(box_steps(box), matrix)

    def alpha(self, fill: float, stroke: float) -> None:
        if fill < 1 or stroke < 1:
            number = self.names.pdf.add(f"<< /Type /ExtGState /ca {digits(fill)} /CA {digits(stroke)} >>")
            self.put(f"/{self.names.name('ExtGState', number)} gs")

    def image(self, number: int, matrix: Matrix) -> None:
        """A picture in the square from (0, 0) to (1, 1) of the matrix' coordinates, its top at y = 0."""
        placed = Matrix(1, 0, 0, -1, 0, 1).then(matrix)
        self.put("q", f"{matrix_text(placed)} cm", f"/{self.names.name('XObject', number)} Do", "Q")

    def form(self, inner: Canvas, alpha: float) -> None:
        """What was put on `inner`, as one thing that lets through as much as alpha says."""
        resources = f"/Resources {self.names.number} 0 R"
        box = written((self.extent.x, self.extent.y, *self.extent.corners[2]))
        number = self.names.pdf.add_stream(
            f"/Type /XObject /Subtype /Form /BBox [{box}] {resources} /Group << /S /Transparency >>", inner.content
        )
        self.put("q")
        self.alpha(alpha, alpha)
        self.put(f"/{self.names.name('XObject', number)} Do", "Q")

    def missing(self, box: Box, matrix: Matrix) -> None:
        """A grey frame with a cross where something is that cannot be drawn."""
        left, top, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
        cross = [("M", [(left, top)]), ("L", [(right, bottom)]), ("M", [(right, top)]), ("L", [(left, bottom)])]
        self.put("q", "0.6 G", "0.5 w")
        self.path([*box_steps(box), *cross], matrix)
        self.put("S", "Q")


_OPERATORS = {"M": "m", "L": "l", "C": "c", "Z": "h"}


def box_steps(box: Box) -> list[tuple[str, Sequence[Point]]]:
    """A box as a path."""
    first, *others = box.corners
    return [("M", [first]), *(("L", [one]) for one in others), ("Z", [])]
