"""The page about catalogue files names what they may say."""

import re

from pospago_cli.catalog import file, parts, prices
from tests.cli.catalog_files import ROOT

PAGE = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
PARTS = [
    each
    for each in {**vars(parts), **vars(prices), **vars(file)}.values()
    if isinstance(each, type) and issubclass(each, parts.Part)
]
TOLD = set(re.findall(r"`([a-z_]+)`", PAGE.partition("| at the top |")[2]))


def test_each_key_of_a_file_is_in_the_tables() -> None:
    """No mapping of a file takes a key that the page leaves out."""
    keys = {key for part in PARTS for key in part.model_fields}
    spoken = TOLD | set(re.findall(r"\{(\w+):", PAGE))
    assert keys - spoken == set()


def test_each_key_of_the_tables_is_one_of_a_file() -> None:
    """The first column of each table names keys."""
    keys = {key for part in PARTS for key in part.model_fields}
    first = {name for row in re.findall(r"^\| (`.*?) \|", PAGE, re.M) for name in row.split(", ")}
    assert {name.strip("`") for name in first} - keys == set()
