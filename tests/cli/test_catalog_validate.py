"""`pospago catalog validate`, with no server anywhere."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from pospago_cli.__main__ import run
from pospago_cli.failures import EXIT_REFUSED
from pospago_cli.session import Session
from tests.cli.catalog_files import EXAMPLES, PLAN, written


def _validated(*arguments: str) -> tuple[int, str, str]:
    """The exit code, the answer, and what went to the errors."""
    answer, errors = StringIO(), StringIO()
    session = Session(
        console=Console(file=answer, width=200, highlight=False),
        errors=Console(file=errors, width=60, highlight=False),
    )
    code = run(["catalog", "validate", *arguments], session)
    return code, answer.getvalue(), errors.getvalue()


def test_right_files_are_summed_up() -> None:
    """Each has a row, and nothing is said against any."""
    code, answer, errors = _validated(*map(str, EXAMPLES))
    assert (code, errors) == (0, "")
    assert [path for path in EXAMPLES if str(path) not in answer] == []


def test_a_wrong_file_does_not_hide_a_right_one(tmp_path: Path) -> None:
    """The right one is summed up, the wrong one's fault stands on one line, however narrow."""
    path = written(tmp_path, PLAN + "        per_unit: 1\n        discount: 101%\n")
    code, answer, errors = _validated(str(path), str(EXAMPLES[0]))
    assert code == EXIT_REFUSED
    assert str(EXAMPLES[0]) in answer
    assert errors.startswith(f"{path}:15: plans.pro.prices[1].discount: ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("verb", ["diff", "apply"])
def test_each_fault_stands_on_one_line(tmp_path: Path, verb: str) -> None:
    """However narrow the console is, what reads a pipe finds file, line and field."""
    path = written(tmp_path, PLAN + "        per_unit: 1\n        discount: 101%\n")
    errors = StringIO()
    session = Session(errors=Console(file=errors, width=20, highlight=False))
    assert run(["catalog", verb, str(path)], session) == EXIT_REFUSED
    assert errors.getvalue().startswith(f"{path}:15: plans.pro.prices[1].discount: ")
    assert errors.getvalue().count("\n") == 1


def test_faults_for_machines_name_file_line_and_field(tmp_path: Path) -> None:
    """As JSON, a fault has what its line says, in parts."""
    path = written(tmp_path, "catalog: 1\nplan: {}\n")
    code, answer, _ = _validated(str(path), "--json")
    assert code == EXIT_REFUSED
    assert json.loads(answer)["faults"] == [
        {
            "file": str(path),
            "line": 2,
            "field": "plan",
            "text": "is no key that can stand here",
            "remedy": "Did you mean 'plans'?",
        }
    ]
