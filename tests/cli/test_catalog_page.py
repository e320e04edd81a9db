"""The page about catalogue files names what they may say, and what holds if they do not."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Final, get_args

import pytest
from pydantic.fields import FieldInfo

from billing_service.domain.price import Allowance, Counting, Schedule
from billing_service.domain.price import Price as DomainPrice
from billing_service.domain.price_models import Package, Stairstep
from billing_service.domain.proration import Proration
from billing_service.domain.tax import TaxProfileVersion
from pospago_cli.catalog import file, parts, prices
from pospago_cli.catalog.parts import Part
from tests.cli.catalog_files import ROOT

PAGE = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
PARTS = [
    each
    for each in {**vars(parts), **vars(prices), **vars(file)}.values()
    if isinstance(each, type) and issubclass(each, parts.Part)
]
TOLD = set(re.findall(r"`([a-z_]+)`", PAGE.partition("| at the top |")[2]))
# By the heading of its table: what a mapping is read as, and what billing makes of it.
TABLES: Final[dict[str, tuple[type[Part], type | None]]] = {
    "at the top": (file.CatalogFile, None),
    "of a meter": (file.Meter, None),
    "of `rounding`": (file.Rounding, None),
    "of a tax profile": (file.TaxProfile, TaxProfileVersion),
    "of a rate": (file.TaxRate, None),
    "of a plan": (file.Plan, None),
    "of a proration": (file.Proration, Proration),
    "of a shared allowance": (file.SharedAllowance, None),
    "of a limit": (file.Limit, None),
    "of a minimum spend": (file.MinimumSpend, None),
    "of a schedule": (prices.Scheduled, Schedule),
    "of a price": (prices.Price, DomainPrice),
    "of an add-on": (prices.AddOn, None),
    "of `counting`": (prices.Counting, Counting),
    "of `metered`": (prices.Metered, None),
    "of `included`": (prices.Included, Allowance),
    "of `package`": (prices.Package, Package),
    "of `stairstep`": (prices.Stairstep, Stairstep),
    "of `percentage`": (prices.Percentage, None),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A key of a table, what it says, and its default."""

    table: str
    key: str
    says: str
    default: str

    @property
    def field(self) -> FieldInfo:
        """How the key is read."""
        return TABLES[self.table][0].model_fields[self.key]


def rows() -> Iterator[Row]:
    """The rows of the tables, those of several keys once for each."""
    for heading, table in re.findall(r"^\| (.*?) \| says \| default \|\n((?:\|.*\n)+)", PAGE, re.M):
        for keys, says, default in re.findall(r"^\| (`.*?) \| (.*) \| ?(.*?) ?\|$", table, re.M):
            for key in keys.split(", "):
                yield Row(heading, key.strip("`"), says, default)


ROWS: Final = list(rows())


def test_each_key_of_a_file_is_in_the_tables() -> None:
    """No mapping of a file takes a key that the page leaves out."""
    keys = {key for part in PARTS for key in part.model_fields}
    spoken = TOLD | set(re.findall(r"\{(\w+):", PAGE))
    assert keys - spoken == set()


def test_each_mapping_has_its_table() -> None:
    """The tables are of those mappings whose keys have defaults."""
    assert {row.table for row in ROWS} == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_keys_of_its_mapping(table: str) -> None:
    """Those of the schedule, and of any price, have tables of their own."""
    part = TABLES[table][0]
    general = {key for each in part.__mro__[1:] if each in PARTS for key in each.model_fields}
    own = set(part.model_fields) - (general - {"quantity", "unlimited"})
    told = {row.key for row in ROWS if row.table == table}
    items = set(prices.Item.model_fields) - set(prices.Scheduled.model_fields)
    assert told == (own | items if table == "of a price" else own)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.table}-{row.key}")
def test_a_key_that_is_required_says_so(row: Row) -> None:
    """What may be left out is not called required, and the other way round."""
    assert row.field.is_required() == (row.default == "required")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.table}-{row.key}")
def test_a_row_names_each_value_that_its_key_may_have(row: Row) -> None:
    """A choice among words is told in full."""
    annotations = (row.field.annotation, *get_args(row.field.annotation))
    words = {word for each in annotations for word in get_args(each) if isinstance(word, str)}
    assert words <= set(re.findall(r"`([^`]+)`", row.says))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.table}-{row.key}")
def test_a_default_is_what_holds_without_the_key(row: Row) -> None:
    """It is that of the file, or what billing makes of nothing."""
    domain = TABLES[row.table][1]
    known = {each.name: each.default for each in fields(domain)} if domain else {}
    default = known.get(row.key, row.field.default)
    match default:
        case bool() if row.key != "unlimited":
            assert row.default == f"`{str(default).lower()}`"
        case Enum():
            assert row.default == f"`{default.name.lower()}`"
        case int() if row.key != "unlimited":
            assert row.default == f"`{default}`"
        case _:
            assert row.default not in {"`0`", "`false`"} or default == "0"
