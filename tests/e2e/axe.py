"""axe-core, the accessibility checker, from the npm registry: pinned, and kept beside the virtual environment."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.environment import cannot_run

VERSION = "4.14.1"
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
KEPT = Path(sys.prefix) / "cache" / f"axe-core-{VERSION}.tgz"


def axe_source() -> str:
    """The script, fetched on the first call; skip when npm is absent or does not reach its registry."""
    if not KEPT.exists():
        _fetch()
    found = base64.b64encode(hashlib.sha512(KEPT.read_bytes()).digest()).decode()
    assert found == SHA512, f"{KEPT} is not axe-core {VERSION}"
    with tarfile.open(KEPT) as package:
        script = package.extractfile("package/axe.min.js")
        assert script
        return script.read().decode()


def _fetch() -> None:
    npm = shutil.which("npm") or cannot_run("there is no npm to fetch axe-core with")
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            [npm, "pack", "--silent", f"axe-core@{VERSION}"], cwd=folder, capture_output=True, text=True, check=False
        )
        if packed.returncode:
            cannot_run(f"npm does not fetch axe-core: {packed.stderr.strip()}")
        KEPT.parent.mkdir(exist_ok=True)
        # Complete or not at all, should two test runs fetch at once.
        draft = KEPT.with_suffix(f".{os.getpid()}")
        shutil.move(Path(folder, f"axe-core-{VERSION}.tgz"), draft)
        draft.rename(KEPT)


def serious_violations(page: Page, source: str, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds serious or critical on the page as it stands: "rule: element, element".

    `rules` names the only ones to hold it to; none named: all.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(source)
    options = {"runOnly": rules, "resultTypes": ["violations"]} if rules else {"resultTypes": ["violations"]}
    found: list[dict[str, Any]] = page.evaluate("async (options) => (await axe.run(options)).violations", options)
    return [
        f"{violation['id']}: {', '.join(str(node['target']) for node in violation['nodes'])}"
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]
