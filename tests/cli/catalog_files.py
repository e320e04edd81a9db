"""Catalogue files for tests, written where the test runs."""

from pathlib import Path

import pytest

from pospago_cli.catalog.applying import checked
from pospago_cli.catalog.faults import CatalogFault, CatalogRefused

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = sorted((ROOT / "examples" / "catalogs").glob("*.yaml"))

# A plan whose last price lacks its model.
PLAN = """\
catalog: 1
meters:
  api-calls: { event: api.call, aggregation: count }
plans:
  pro:
    display_name: Pro
    version_policy: follow
    currency: USD
    prices:
      - code: base
        flat: 49.00
      - code: calls
        metered: api-calls
"""


def written(folder: Path, text: str) -> Path:
    """A file with that text."""
    path = folder / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path: Path) -> tuple[CatalogFault, ...]:
    """What is wrong with a file."""
    with pytest.raises(CatalogRefused) as refused:
        checked(path)
    return refused.value.faults


def told(path: Path) -> list[tuple[int, str]]:
    """The line and field of each fault."""
    return [(each.line, each.field) for each in faults_of(path)]
