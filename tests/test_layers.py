"""The arrows of the layout: who may import whom (docs: README, "The data's way")."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "plugins" / "renkei"

# layer → the layers it may import besides itself and errors
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "policies": set(),
    "clients": {"sync.ports"},
    "store": {"sync.ports"},
    "sync": {"store"},
    "endpoints": {"clients", "sync"},
    "integrations": {"endpoints", "sync"},
    "hooks": {"clients", "sync.ports", "store.db", "store.tokens"},
    "get_provider_info": set(),
    "triggers": {"store", "hooks", "clients"},
    "notifiers": {"store", "sync"},
    "operators": {"integrations", "hooks", "triggers", "notifiers", "policies", "sync", "store"},
    "web": {"store"},
}
# one import that a rule of the design asks for against the arrows: file → module
EXCEPTIONS: set[tuple[str, str]] = {
    # what the tag may show is in the settings file
    ("web/salesforce.py", "hooks.salesforce.SalesforceHook"),
    # the view on demand (S9, S34)
    ("web/senses_activities.py", "hooks.marketo.MarketoHook"),
    ("web/senses_activities.py", "clients.marketo.MarketoClient"),
    ("web/senses_activities.py", "clients.marketo_recent.Activity"),
    ("web/senses_activities.py", "clients.marketo_recent.recent_activities"),
    ("web/senses_activities.py", "integrations.senses_marketo.settings.NAME"),
    ("web/senses_activities.py", "integrations.senses_marketo.settings.Settings"),
    ("web/senses_activities.py", "integrations.senses_marketo.settings.load_settings"),
    ("web/site/offers.py", "integrations.immedio_salesforce.settings.NAME"),
    ("web/site/offers.py", "integrations.immedio_salesforce.settings.Settings"),
    ("web/site/offers.py", "integrations.immedio_salesforce.settings.load_settings"),
    ("web/site/offers.py", "integrations.paths.settings_dir"),
}
AIRFLOW = {"hooks", "operators", "triggers", "notifiers", "policies", "web"}
HTTP = {"requests", "httpx", "urllib3", "aiohttp"}
WITHOUT_HTTP = {"sync", "store", "integrations"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, at its top or inside; ``from x import y`` counts as ``x.y`` too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def ours(module: str) -> str | None:
    """``renkei.store.db.connect`` → ``store.db.connect``."""
    return module.removeprefix("renkei.") if module.startswith("renkei.") else None


def allowed(layer: str, target: str) -> bool:
    reached = {layer, "errors", *ARROWS[layer]}
    return any(target == name or target.startswith(f"{name}.") for name in reached)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_point_down(path: Path) -> None:
    layer = layer_of(path)
    if layer == "__init__":
        assert not list(imports(path))
        return
    for module in imports(path):
        target = ours(module)
        if target is not None and (str(path.relative_to(PACKAGE)), target) not in EXCEPTIONS:
            assert allowed(layer, target), f"{layer} may not import {module}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_airflow_and_http_stay_in_their_layers(path: Path) -> None:
    layer = layer_of(path)
    for module in imports(path):
        root = module.split(".")[0]
        assert root != "airflow" or layer in AIRFLOW, f"{layer} may not import {module}"
        assert root not in HTTP or layer not in WITHOUT_HTTP, f"{layer} may not import {module}"
        assert root not in {"include", "tests", "dags"}, f"renkei may not import {module}"


@pytest.mark.parametrize("path", sorted((ROOT / "dags").glob("*.py")), ids=lambda path: path.name)
def test_dags_are_wiring_only(path: Path) -> None:
    for module in imports(path):
        root = module.split(".")[0]
        assert root in {"airflow", "renkei", "pendulum", *sys.stdlib_module_names}, f"{path.name} imports {module}"
        assert root != "renkei" or module.startswith("renkei.operators."), f"{path.name} imports {module}"


@pytest.mark.parametrize("path", sorted((ROOT / "include" / "sandbox").rglob("*.py")), ids=lambda path: path.name)
def test_the_sandbox_knows_nothing_of_ours(path: Path) -> None:
    for module in imports(path):
        assert module.split(".")[0] not in {"renkei", "airflow", "tests"}, f"{path.name} imports {module}"
        assert not module.startswith("include.") or module.startswith("include.sandbox"), f"{path.name}: {module}"


def test_the_plugin_file_is_the_only_one_airflow_loads() -> None:
    assert (ROOT / "plugins" / ".airflowignore").read_text().splitlines()[1:] == ["renkei/**", "*.dist-info/**"]
    assert {path.name for path in (ROOT / "plugins").glob("*.py")} <= {"renkei_plugin.py"}


def test_every_layer_has_its_arrows() -> None:
    assert {layer_of(path) for path in MODULES} - {"__init__"} <= set(ARROWS)
