"""`yizheng catalogue export|import` as whoever runs the service uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.journey.instance import Instance

pytestmark = pytest.mark.slow


def test_a_catalogue_goes_out_is_changed_tried_and_comes_in(instance: Instance, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.json"
    instance.command("catalogue", "export", str(file), "--grants")
    document = json.loads(file.read_bytes())
    assert document["content"]["grants"], "asked for"
    assert instance.command("catalogue", "import", str(file)).startswith("0 taken in")
    item = document["content"]["service_items"][0]
    item["name"]["zh"] = "改过的名称"
    file.write_text(json.dumps(document, ensure_ascii=False))
    with pytest.raises(RuntimeError, match=r"changed after it was exported|改过"):
        instance.command("catalogue", "import", str(file))
    tried = instance.command("catalogue", "import", str(file), "--unsigned", "--dry-run")
    assert item["code"] in tried
    assert tried.splitlines()[-1].startswith("1 would be taken in")
    done = json.loads(instance.command("catalogue", "import", str(file), "--unsigned", "--json"))
    assert [one["code"] for one in done["differences"] if one["action"] != "same"] == [item["code"]]
    assert instance.command("catalogue", "import", str(file), "--unsigned").startswith("0 taken in")
