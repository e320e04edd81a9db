"""The published JSON Schema, and the examples that it is for."""

import json
from pathlib import Path

import pytest
import yaml

from pospago_cli.catalog.loading import read_catalog
from pospago_cli.catalog.schema import schema_text
from tests.cli.catalog_files import EXAMPLES, PLAN, ROOT
from tests.cli.json_schema import violations

PUBLISHED = ROOT / "examples" / "catalogs" / "catalog.schema.json"
SOURCES = {"api_prices", "devices_and_seats", "hybrid", "integrator", "reseller"}


def test_the_published_schema_is_that_of_the_files() -> None:
    """It is what `python -m pospago_cli.catalog.schema` writes today."""
    assert PUBLISHED.read_text(encoding="utf-8") == schema_text()


def test_there_is_an_example_for_each_source() -> None:
    """Neither less nor more than the documentation names."""
    assert {path.stem for path in EXAMPLES} == SOURCES


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_keeps_the_schema(path: Path) -> None:
    """An editor that reads YAML its own way finds nothing wrong."""
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert violations(yaml.safe_load(path.read_text(encoding="utf-8")), schema) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_tells_editors_its_schema(path: Path) -> None:
    """The first line names the schema beside it."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={PUBLISHED.name}"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_becomes_messages(path: Path) -> None:
    """Each has a plan with prices."""
    assert all(plan.versions[0].prices for plan in read_catalog(path).plans)


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("        flat: true\n", "$.plans.pro.prices[1].flat"),
        ("        included: lots\n", "$.plans.pro.prices[1].included"),
        ("        per-unit: 1\n", "$.plans.pro.prices[1].per-unit"),
        ("        graduated: {}\n", "$.plans.pro.prices[1].graduated"),
        ("        interval: week\n", "$.plans.pro.prices[1].interval"),
        ("    Limits: {}\n", "$.plans.pro.Limits"),
        ("  Pro: {}\n", "$.plans.Pro"),
    ],
)
def test_the_schema_finds_what_is_wrong(line: str, at: str) -> None:
    """It is not only silent about what is right."""
    schema = json.loads(schema_text())
    found = violations(yaml.safe_load(PLAN + line), schema)
    assert [each.partition(": ")[0] for each in found] == [at]
