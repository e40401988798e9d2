"""The house's arrows: which part may import which."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import ROOT

PACKAGE = ROOT / "printqueue"

# What a part must not know. `views → reports, access, models → live` is the way down; nothing leads up.
UPWARD = {
    "live": {"models", "reports", "access", "admin", "periodic", "serving", "views", "management"},
    "models": {"reports", "access", "admin", "periodic", "serving", "views", "management"},
    "alerts": {"reports", "access", "admin", "periodic", "serving", "views", "management"},
    "reports": {"alerts", "admin", "views", "management"},
    "access": {"reports", "admin", "views", "management"},
    "periodic": {"admin", "views", "management"},
    "serving": {"models", "reports", "access", "admin", "views", "management"},
    "views": {"admin", "serving", "management"},
}
PURE = [
    "chart",
    "estimate",
    "forecast",
    "worth",
    "slicer_figure",
    "file_words",
    "file_names",
    "matching",
    "history",
    "stalls",
    "reports/routing",
    "alerts/routing",
    "alerts/addresses",
]
CLIENT_LIBRARIES = {"httpx2", "paho"}


def sources(part: str) -> list[Path]:
    """The modules of `printqueue.<part>`, be it a file or a folder."""
    found = [path for path in (PACKAGE / f"{part}.py", *sorted((PACKAGE / part).rglob("*.py"))) if path.exists()]
    assert found, f"There is no printqueue.{part}: the list above is out of date."
    return found


def imports(path: Path) -> Iterator[str]:
    """Full names of all that `path` imports, at the top or inside functions."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def within(name: str, module: str) -> bool:
    return name == module or name.startswith(module + ".")


def offenders(paths: list[Path], *modules: str) -> list[str]:
    """Each import of one of `modules`, as "file imports name"."""
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in paths
        for name in imports(path)
        if any(within(name, module) for module in modules)
    ]


@pytest.mark.parametrize("part", UPWARD)
def test_no_part_imports_one_above_it(part: str):
    assert offenders(sources(part), *(f"printqueue.{above}" for above in UPWARD[part])) == []


@pytest.mark.parametrize("part", PURE)
def test_decisions_know_no_database(part: str):
    assert offenders(sources(part), "printqueue.models", "printqueue.live", "django.db") == []


def test_only_live_imports_django_eventstream():
    others = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] != "live"]

    assert offenders([*others, *(ROOT / "printfactory").glob("*.py")], "django_eventstream") == []


def test_the_vocabulary_imports_the_standard_library_alone():
    assert {name.split(".")[0] for name in imports(PACKAGE / "protocol.py")} <= sys.stdlib_module_names


def test_the_client_imports_the_vocabulary_and_its_libraries_alone():
    allowed = sys.stdlib_module_names | CLIENT_LIBRARIES
    foreign = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources("client")
        for name in imports(path)
        if name.split(".")[0] not in allowed
        and not within(name, "printqueue.client")
        and not within(name, "printqueue.protocol")
    ]

    assert foreign == []


def test_the_program_that_sends_alerts_knows_no_django():
    known = {name.split(".")[0] for name in imports(PACKAGE / "alerts" / "sender.py")} - {"printqueue", "apprise"}

    assert known <= sys.stdlib_module_names
    assert offenders([PACKAGE / "alerts" / "addresses.py"], "django", "printqueue") == []


def test_the_running_client_has_loaded_no_django():
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sources("client")]
    program = f"import importlib, sys; [importlib.import_module(name) for name in {modules}]; print(*sys.modules)"

    loaded = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True).split()

    assert "printqueue.client.__main__" in loaded
    assert [name for name in loaded if within(name, "django") or name.startswith("django_")] == []


def test_installing_the_client_asks_for_no_django():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["dependencies"] == []
    assert not any("django" in line.lower() for line in project["optional-dependencies"]["client"])
