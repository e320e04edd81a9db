"""`pospago subscription create`: when it begins, since when it is charged, and on which days."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import click
import pytest

from pospago_cli.anchors import Anchor
from tests.cli.catalog_files import written
from tests.cli.usage_serving import UsageService, usage_service

CATALOG: Final = """\
catalog: 1
currency: BRL
plans:
  start:
    display_name: Start
    version_policy: follow
    prices:
      - { code: base, flat: 99 }
"""


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UsageService]:
    """The service with a plan and an account."""
    directory = tmp_path_factory.mktemp("billing")
    async with usage_service(directory) as started:
        path = written(directory, CATALOG)
        await started.shell.pospago("catalog", "apply", str(path), "--yes")
        await started.open_account()
        yield started


async def created(service: UsageService, name: str, *more: str) -> Any:
    """A subscription to the plan, as it is answered."""
    stated = ("subscription", "create", service.account, name, "--plan", "start", *more, "--json")
    return json.loads(await service.shell.pospago(*stated))["subscription"]


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ("calendar", {"kind": "KIND_CALENDAR"}),
        ("start", {"kind": "KIND_START"}),
        ("2024-02-29", {"date": {"year": 2024, "month": 2, "day": 29}}),
    ],
)
async def test_anchor_is_told_as_it_was_stated(
    service: UsageService, stated: str, told: dict[str, Any]
) -> None:
    """By the calendar, from the first day on, or on the day of a date."""
    answer = await created(service, f"by-{stated}", "--anchor", stated)
    assert answer["anchor"] == told


async def test_without_an_anchor_it_is_the_plans(service: UsageService) -> None:
    """Nothing is told of it."""
    answer = await created(service, "plain")
    assert "anchor" not in answer


async def test_trial_is_told(service: UsageService) -> None:
    """The first day that is charged."""
    dates = ("--start", "2027-01-01", "--trial-end", "2027-01-15")
    answer = await created(service, "on-trial", *dates)
    assert answer["trial_end_date"] == {"year": 2027, "month": 1, "day": 15}


async def test_prepaid_is_told(service: UsageService) -> None:
    """It is not charged before its first day."""
    answer = await created(service, "ahead", "--prepaid", "--start", "2027-01-01")
    assert (answer["prepaid"], answer["state"]) == (True, "STATE_SCHEDULED")


@pytest.mark.parametrize("text", ["never", "2027-02-30", "", "KIND_START"])
def test_what_is_no_anchor_is_told_so(text: str) -> None:
    """With an example of one."""
    with pytest.raises(click.BadParameter, match="calendar, start, or a date such as 2027-01-31"):
        Anchor().convert(text, None, None)
