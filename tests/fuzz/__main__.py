"""Coverage-guided fuzzing of what reads strangers' files (attacks S-25).

::

    python -m tests.fuzz verify|seal|container|token|ofd|ofd-seal [FOLDER] [options of libFuzzer]

FOLDER keeps what was found to lead to new paths, for the next time; without one it is thrown away. An input that breaks
a promise is left in the working folder as `crash-…`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["signing", "keys.der", "keys.cms", "keys.tsa", "keys.digests", "pyhanko"]):
    from tests.fuzz import seeds
    from tests.fuzz.targets import TARGETS


def main(target: str, options: list[str]) -> None:
    with tempfile.TemporaryDirectory() as begin:
        kinds = {
            "container": seeds.containers,
            "token": seeds.containers,
            "ofd": seeds.packages,
            "ofd-seal": seeds.to_seal,
        }
        made = kinds.get(target, seeds.files)()
        for name, content in made:
            (Path(begin) / name).write_bytes(content)
        folders = [option for option in options if not option.startswith("-")]
        inputs = [file.read_bytes() for folder in (*folders, begin) for file in Path(folder).iterdir()]
        flags = [option for option in options if option.startswith("-")]
        bounds = ["-timeout=60", "-rss_limit_mb=2048", "-max_len=60000"]
        atheris.Setup([sys.argv[0], *bounds, *flags, *folders, begin], TARGETS[target](inputs))
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
