"""Reads `docs/pricing.md`: its plans, the rows that price them, and the sums in its text."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "pricing.md"
_FENCE: Final = re.compile(r"^```yaml\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_CODE: Final = re.compile(r"`([^`]+)`")
_SUM: Final = re.compile(r"[\d.+*/() -]+")
_RULE: Final = re.compile(r"^\|( --- \|)+$")


@dataclass(frozen=True, slots=True)
class Row:
    """A row below a plan: the plan's YAML, and the row's cells by column."""

    plan: str
    cells: dict[str, str]

    @property
    def name(self) -> str:
        """What a test calls it."""
        said = [f"{column}={cell}" for column, cell in self.cells.items() if column != "because"]
        return " ".join(said)

    @property
    def sums(self) -> list[str]:
        """The sums that explain it: of the amount, and of what is held."""
        return _CODE.findall(self.cells["because"])


def rows(text: str) -> Iterator[Row]:
    """Every row of every table that stands below a plan."""
    parts = _FENCE.split(text)
    for plan, below in zip(parts[1::2], parts[2::2], strict=True):
        columns: list[str] = []
        for line in below.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if not line.startswith("|"):
                columns = []
            elif not columns:
                columns = cells
            elif not _RULE.match(line):
                yield Row(plan, dict(zip(columns, cells, strict=True)))


def prose(text: str) -> str:
    """The text without its plans and tables."""
    lines = _FENCE.sub("", text).splitlines()
    return "\n".join(re.sub(r"^\d+\. ", "", line) for line in lines if not line.startswith("|"))


def sums(text: str) -> list[str]:
    """The sums in running text, such as `2 * 3 = 6`."""
    spans = (" ".join(span.split()) for span in _CODE.findall(text))
    return [span for span in spans if "=" in span or "~" in span]


def figures_outside(text: str) -> list[str]:
    """Figures in running text that no sum holds."""
    known = set(re.findall(r"[\d.]*\d", " ".join(sums(text))))
    return [each for each in re.findall(r"[\d.]*\d", text) if each not in known]


def holds(stated: str) -> bool:
    """Whether a stated sum is right, to the decimals of its result.

    With `=` the result is rounded half up once; with `~` each term is, and then they are added.
    """
    sign = "=" if "=" in stated else "~"
    left, _, right = stated.rpartition(sign)
    decimals = -int(Decimal(right.strip()).as_tuple().exponent)
    terms = [left] if sign == "=" else left.split(" + ")
    whole = sum(rounded(worked_out(term), decimals) for term in terms)
    return whole == Fraction(right.strip())


def worked_out(text: str) -> Fraction:
    """What an arithmetic expression comes to, exactly."""
    assert _SUM.fullmatch(text), f"{text!r} is no sum"
    return _value(ast.parse(text.strip(), mode="eval").body, text.strip())


def rounded(value: Fraction, decimals: int) -> Fraction:
    """A number that is not negative, half up."""
    scale = 10**decimals
    return Fraction((value * scale * 2 + 1) // 2, scale)


def _value(node: ast.expr, text: str) -> Fraction:
    match node:
        case ast.Constant():
            return Fraction(ast.get_source_segment(text, node) or "")
        case ast.BinOp(left, ast.Add(), right):
            return _value(left, text) + _value(right, text)
        case ast.BinOp(left, ast.Sub(), right):
            return _value(left, text) - _value(right, text)
        case ast.BinOp(left, ast.Mult(), right):
            return _value(left, text) * _value(right, text)
        case ast.BinOp(left, ast.Div(), right):
            return _value(left, text) / _value(right, text)
        case _:
            raise AssertionError(f"{text!r} is no sum")
