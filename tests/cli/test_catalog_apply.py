"""`pospago catalog diff` and `apply` against a real billing service."""

import json
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import pytest

from pospago_cli.demo import CATALOG
from pospago_cli.failures import EXIT_FAILED, EXIT_REFUSED
from tests.billing.serving import serving
from tests.cli.catalog_files import EXAMPLES, PLAN, written
from tests.cli.shell import Shell

AHEAD = ("--effective", "2030-01-01T00:00:00Z")
ABORTED = 130


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    """A shell beside an empty service."""
    async with serving(tmp_path) as served:
        yield Shell(served.app.address, served.operator_secret)


@pytest.fixture
def dearer(tmp_path: Path) -> str:
    """The integrator's catalogue with another price in band 1."""
    text = CATALOG.read_text(encoding="utf-8").replace("flat: 39.90", "flat: 44.90")
    return str(written(tmp_path, text))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
async def test_each_example_is_applied_once(shell: Shell, path: Path) -> None:
    """It is all new at first, and all there the second time."""
    first = await shell.pospago("catalog", "apply", str(path), "--yes")
    second = await shell.pospago("catalog", "apply", str(path), "--yes")
    assert first.endswith("Done.\n")
    assert second == f"Nothing to do: the stored catalogue is what {path} says.\n"


async def test_a_difference_is_shown_and_not_made(shell: Shell, dearer: str) -> None:
    """The table has the price before and after; the stored plan stays."""
    await shell.pospago("catalog", "apply", str(CATALOG), "--yes")
    shown = await shell.pospago("catalog", "diff", dearer)
    row = next(line.split() for line in shown.splitlines() if "plans/integrator" in line)
    assert row[:3] == ["new", "version", "2"]
    assert row[-2:] == ["39.9", "44.9"]
    assert await shell.versions() == 1


async def test_a_new_plan_is_shown_with_its_prices(shell: Shell) -> None:
    """Each price has a row that says its band, its currency and what it costs."""
    shown = await shell.pospago("catalog", "diff", str(CATALOG))
    assert "plans/integrator: prices" in shown
    rows = [line.split() for line in shown.splitlines() if line.split()[:1] == ["base"]]
    assert [(each[1], each[2], each[-1]) for each in rows] == [
        ("1", "BRL", "39.90"),
        ("2", "BRL", "34.90"),
        ("3", "BRL", "29.90"),
    ]


async def test_a_difference_says_from_when_it_would_hold(shell: Shell, dearer: str) -> None:
    """The instant that is stated, or that one must be, stands below the changes."""
    await shell.pospago("catalog", "apply", str(CATALOG), "--yes")
    unsaid = await shell.pospago("catalog", "diff", dearer)
    said = await shell.pospago("catalog", "diff", dearer, *AHEAD)
    assert "New versions hold from an instant ahead on, which --effective states." in unsaid
    assert "New versions hold from 2030-01-01 00:00:00Z on." in said


async def test_a_difference_names_the_version_that_it_must_come_after(
    shell: Shell, tmp_path: Path, dearer: str
) -> None:
    """A version that is stored and not yet in force is told before anybody states an instant."""
    await shell.pospago("catalog", "apply", str(CATALOG), "--yes")
    await shell.pospago("catalog", "apply", dearer, "--yes", *AHEAD)
    shown = await shell.pospago("catalog", "diff", str(CATALOG))
    assert "The last version of plans/integrator holds from 2030-01-01 00:00:00Z on" in shown


async def test_an_instant_that_is_not_ahead_is_told_of_the_plan(shell: Shell, dearer: str) -> None:
    """The fault stands once, at the plan that would get the version."""
    await shell.pospago("catalog", "apply", str(CATALOG), "--yes")
    past = ("--effective", "2020-01-01T00:00:00Z")
    told = await shell.pospago("catalog", "apply", dearer, *past, exit_code=EXIT_REFUSED)
    assert told.startswith(f"{dearer}:13: plans.integrator: needs an --effective after ")
    assert told.count("\n") == 1


async def test_a_price_that_is_dropped_is_told_how_to_end(shell: Shell, tmp_path: Path) -> None:
    """It is named as the file names it, with what may be done instead."""
    right = PLAN + "        per_unit: 1\n"
    await shell.pospago("catalog", "apply", str(written(tmp_path, right)), "--yes")
    path = written(tmp_path, right.replace("code: base", "code: basis"))
    told = await shell.pospago("catalog", "diff", str(path), exit_code=EXIT_REFUSED)
    assert told.startswith(f"{path}:9: plans.pro.prices: base was priced in USD")
    assert "to retire it" in told
    assert told.count("\n") == 1


async def test_a_price_is_retired_as_an_add_on(shell: Shell, tmp_path: Path) -> None:
    """It ends as a price that is charged, and a later version may leave it out."""
    right = PLAN + "        per_unit: 1\n"
    base = "      - code: base\n        flat: 49.00\n"
    await shell.pospago("catalog", "apply", str(written(tmp_path, right)), "--yes")
    optional = right.replace(base, "") + "    add_ons: [base]\nadd_ons: { base: { flat: 49.00 } }\n"
    await shell.pospago("catalog", "apply", str(written(tmp_path, optional)), "--yes", *AHEAD)
    path = str(written(tmp_path, right.replace(base, "")))
    later = ("--effective", "2031-01-01T00:00:00Z")
    assert (await shell.pospago("catalog", "apply", path, "--yes", *later)).endswith("Done.\n")


async def test_a_question_that_nobody_answers_is_told_with_a_remedy(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script without an input is told of --yes, and nothing is written."""
    monkeypatch.setattr("sys.stdin", StringIO(""))
    told = await shell.pospago("catalog", "apply", str(CATALOG), exit_code=EXIT_FAILED)
    assert told.endswith(
        "Nobody answered, so nothing was changed.\n→ To agree beforehand, add --yes.\n"
    )
    assert "integrator" not in await shell.pospago("plan", "list")


async def test_a_further_version_takes_force_when_it_is_said_to(shell: Shell, dearer: str) -> None:
    """With an instant ahead, the plan has a second version from then on."""
    await shell.pospago("catalog", "apply", str(CATALOG), "--yes")
    await shell.pospago("catalog", "apply", dearer, "--yes", *AHEAD)
    plan = json.loads(await shell.pospago("plan", "get", "integrator", "--json"))["plan"]
    assert [each["effective_time"] for each in plan["versions"][1:]] == ["2030-01-01T00:00:00Z"]


async def test_a_further_version_needs_its_instant(shell: Shell, dearer: str) -> None:
    """Nobody is asked about a change that cannot be made."""
    await shell.pospago("catalog", "apply", str(CATALOG), "--yes")
    told = await shell.pospago("catalog", "apply", dearer, exit_code=EXIT_FAILED)
    assert "--effective" in told
    assert await shell.versions() == 1


async def test_what_is_declined_is_not_made(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a yes nothing is written."""
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    await shell.pospago("catalog", "apply", str(CATALOG), exit_code=ABORTED)
    assert "integrator" not in await shell.pospago("plan", "list")


async def test_what_is_agreed_to_is_made(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A yes to the question makes the changes that were shown."""
    monkeypatch.setattr("sys.stdin", StringIO("y\n"))
    await shell.pospago("catalog", "apply", str(CATALOG))
    assert await shell.versions() == 1


async def test_what_a_server_refuses_is_told_of_the_file(shell: Shell, tmp_path: Path) -> None:
    """A price that a further version leaves out is missed by the stored plan only."""
    await shell.pospago("catalog", "apply", str(CATALOG), "--yes")
    text = CATALOG.read_text(encoding="utf-8").replace(
        "      - { code: base, band: 3, flat: 29.90 }\n", ""
    )
    path = written(tmp_path, text)
    told = await shell.pospago("catalog", "diff", str(path), *AHEAD, exit_code=EXIT_REFUSED)
    assert told.startswith(f"{path}:22: plans.integrator.prices: ")
    assert await shell.versions() == 1


async def test_a_meter_that_sums_up_something_else_is_told_of_the_file(
    shell: Shell, tmp_path: Path
) -> None:
    """What stands in the way is named by the service, and by its line in the file."""
    right = PLAN + "        per_unit: 1\n"
    await shell.pospago("catalog", "apply", str(written(tmp_path, right)), "--yes")
    path = written(tmp_path, right.replace("event: api.call", "event: api.request"))
    told = await shell.pospago("catalog", "diff", str(path), exit_code=EXIT_REFUSED)
    assert told.startswith(f"{path}:3: meters.api-calls: ")
    assert "so event must stay" in told


async def test_a_file_with_a_fault_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    """What is right in it is not applied either."""
    path = written(tmp_path, PLAN + "        per_unit: 1\n        discount: 101%\n")
    await shell.pospago("catalog", "apply", str(path), "--yes", exit_code=EXIT_REFUSED)
    assert "pro" not in await shell.pospago("plan", "list")


async def test_an_answer_for_machines_has_changes_and_digest(shell: Shell) -> None:
    """As JSON, both commands give what the service said, and nothing else."""
    shown = json.loads(await shell.pospago("catalog", "diff", str(CATALOG), "--json"))
    made = json.loads(await shell.pospago("catalog", "apply", str(CATALOG), "--yes", "--json"))
    assert [each["action"] for each in shown["changes"]] == ["ACTION_CREATE"]
    assert made == shown
