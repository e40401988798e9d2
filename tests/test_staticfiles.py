"""Static files as the server hands them out: under names that hold their hash."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import override_settings

HASH = re.compile(r"\.[0-9a-f]{12}\.")
IMPORT = re.compile(r"""(?:import|from)\s*\(?\s*["']([^"']+)["']""")


class Reference(NamedTuple):
    """An import in a collected script."""

    script: str
    target: str
    exists: bool


def references(folder: Path) -> list[Reference]:
    """The imports in all hashed scripts of ours in `folder`."""
    scripts = [path for path in (folder / "js").rglob("*.js") if HASH.search(path.name)]
    return [
        Reference(script.name, target, (script.parent / target).exists())
        for script in scripts
        for target in IMPORT.findall(script.read_text())
    ]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All static files, collected as `serve` does it."""
    folder = tmp_path_factory.mktemp("static")
    storages = {"staticfiles": {"BACKEND": "printfactory.staticfiles.HashedStaticFiles"}}
    with override_settings(STATIC_ROOT=folder, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
        assert HASH.search(staticfiles_storage.url("css/tokens.css"))
    return folder


def test_every_import_names_a_hashed_file_that_is_there(collected: Path):
    found = references(collected)

    assert found
    assert [each for each in found if not each.exists or not HASH.search(each.target)] == []


def test_every_text_file_is_there_compressed(collected: Path):
    scripts = [path for path in collected.rglob("*.js") if path.stat().st_size > 1_000]

    assert [path.name for path in scripts if not path.with_name(path.name + ".gz").exists()] == []
