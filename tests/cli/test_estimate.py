"""`pospago estimate` against a real billing service."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from pospago_cli.failures import EXIT_FAILED, EXIT_NOT_FOUND, EXIT_REFUSED
from tests.billing.serving import serving
from tests.cli.catalog_files import ROOT, written
from tests.cli.shell import Shell

EXAMPLES: Final = ROOT / "examples" / "catalogs"
HYBRID: Final = str(EXAMPLES / "hybrid.yaml")
IN_HYBRID: Final = f"--file {HYBRID}"
IN_API_PRICES: Final = f"--file {EXAMPLES / 'api_prices.yaml'}"
TAXED: Final = "--tax-profile sales-tax-example"
JANUARY: Final = ("--from", "2031-01-01")
CALLS: Final = ("--used", "calls=25000", *JANUARY)
MISSPELLED: Final = 2

# What is asked of a file, and rows that are shown of it, in this order.
SHOWN: Final = {
    "an add-on and taxes": (
        f"{IN_HYBRID} pro-monthly --held seats=5 --held analytics=1 {TAXED}",
        [
            "Pro plan (monthly), Additional seats, 2031-01 5 15 75.00 USD",
            "Pro plan (monthly), Advanced analytics, 2031-01 1 19 19.00 USD",
            "subtotal 143.00 USD",
            "Sales tax 8.5 STANDARD 143.00 USD 12.16 USD",
            "taxes 12.16 USD, added to the lines",
            "total 155.16 USD",
        ],
    ),
    "what is held for a decision": (
        f"{IN_API_PRICES} api-client --used requests=600000",
        [
            "total 0.00 NOK",
            "2031-01, held for a decision and in no total",
            "API for a client, API requests, included, 2031-01 500000 0 0.00 NOK",
            (
                "API for a client, API requests, beyond what is included, 2031-01"
                " 100000 0.017 1700.00 NOK"
            ),
        ],
    ),
    "what is counted, with its tier": (
        f"{IN_API_PRICES} api-partner --counted client:partner-level=99 --tiers",
        [
            "API for partners, Integrations on the level of the partner, 2031-01 99 200.00 NOK",
            "up to 99, flat fee 200 99 0 200.00 NOK",
        ],
    ),
    "how it came about": (
        "api-pro --used calls=25000 --explain",
        [
            "Pro plan, API calls, included, 2031-01 10000 0 0.00 USD",
            "Pro plan, API calls, beyond what is included, 2031-01 15000 0.005 75.00 USD",
            "API calls: 25,000 were used.",
            "It comes to USD 75.00.",
            "total 124.00 USD",
        ],
    ),
    "month by month": (
        "api-pro --months 3 --until 2031-03-01",
        [
            "2031-01",
            "total 49.00 USD",
            "2031-02",
            "total 49.00 USD",
            "2031-03: nothing would be charged.",
            "total 0.00 USD",
            "total of 3 months 98.00 USD",
        ],
    ),
}

# A plan with a price for each form of usage.
METERED: Final = """\
catalog: 1
currency: USD
meters:
  cores: { event: cores, aggregation: max, property: cores }
  disks: { event: disks, aggregation: max, property: disks }
  paid: { event: paid, aggregation: sum, property: amount }
  data: { event: data, aggregation: sum, property: gigabytes }
plans:
  all:
    display_name: All
    version_policy: follow
    prices:
      - code: machines
        zero_usage: omitted
        capacity:
          - { ceilings: { cores: 2, disks: 10 }, amount: 30 }
          - { ceilings: { cores: unlimited, disks: unlimited }, amount: 60 }
      - { code: payments, metered: paid, percentage: { percent: 1, fixed_fee: 0.30 } }
      - { code: seats, licensed: seat, flat: 0 }
      - code: data
        metered: data
        per_unit: 2
        included: { per: seats, quantity: 5, pooled: false }
"""


@pytest.fixture(scope="module")
async def shell(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shell]:
    """A shell beside a service that has the catalogue of hybrid plans."""
    async with serving(tmp_path_factory.mktemp("billing")) as served:
        running = Shell(served.app.address, served.operator_secret)
        await running.pospago("catalog", "apply", HYBRID, "--yes")
        yield running


def rows(shown: str) -> list[str]:
    """What is shown, without empty lines and the spaces between columns."""
    return [" ".join(line.split()) for line in shown.splitlines() if line.strip()]


async def test_a_stored_plan_is_shown_line_by_line(shell: Shell) -> None:
    """25,000 calls on the Pro plan: the fee, what is included, and 15,000 beyond it."""
    shown = await shell.pospago("estimate", "api-pro", *CALLS)
    assert [row for row in rows(shown) if not row.startswith("─")] == [
        "2031-01",
        "line quantity unit price amount",
        "Pro plan, Pro plan, 2031-01 1 49 49.00 USD",
        "Pro plan, API calls, included, 2031-01 10000 0 0.00 USD",
        "Pro plan, API calls, beyond what is included, 2031-01 15000 0.005 75.00 USD",
        "total 124.00 USD",
    ]


async def test_a_plan_of_a_file_costs_what_the_stored_one_does(shell: Shell) -> None:
    """Applying a file changes nothing of what it would cost."""
    stored = await shell.pospago("estimate", "api-pro", *CALLS)
    of_file = await shell.pospago("estimate", *IN_HYBRID.split(), "api-pro", *CALLS)
    assert of_file == stored


@pytest.mark.parametrize(("asked", "expected"), SHOWN.values(), ids=SHOWN.keys())
async def test_what_is_asked_for_is_shown(shell: Shell, asked: str, expected: list[str]) -> None:
    """Each row is there, below the one before."""
    shown = iter(rows(await shell.pospago("estimate", *asked.split(), *JANUARY)))
    assert [row for row in expected if row not in shown] == []


async def test_what_is_included_is_explained_by_itself(shell: Shell) -> None:
    """What is included and what is beyond it are two lines of one item, each with its amount."""
    shown = rows(await shell.pospago("estimate", "api-pro", *CALLS, "--explain"))
    assert [row for row in shown if row.startswith("It comes to")] == [
        "It comes to USD 49.00.",
        "It comes to USD 0.00.",
        "It comes to USD 75.00.",
    ]


@pytest.mark.parametrize(
    ("used", "total"),
    [
        ("machines/cores=4 machines/disks=12", "60.00"),
        ("payments=10+100+5000", "52.00"),
        ("payments=2x10+100", "2.10"),
        ("payments=120#3", "2.10"),
        ("data=9,1", "8.00"),
        ("data=5,5", "0.00"),
    ],
)
async def test_each_form_of_usage_is_priced(
    shell: Shell, tmp_path: Path, used: str, total: str
) -> None:
    """Capacities by meter, transactions one by one, allowances unit by unit."""
    file = str(written(tmp_path, METERED))
    options = [word for each in used.split() for word in ("--used", each)]
    shown = await shell.pospago("estimate", "--file", file, "all", *options, "--held", "seats=2")
    assert rows(shown)[-1] == f"total {total} USD"


async def test_a_file_that_is_not_applied_stays_so(shell: Shell) -> None:
    """Neither its plans nor its meters are stored."""
    await shell.pospago("estimate", *IN_API_PRICES.split(), "api-client", *JANUARY)
    assert "api-client" not in await shell.pospago("plan", "list")


async def test_an_answer_for_machines_is_that_of_the_contract(shell: Shell) -> None:
    """As JSON, lines, totals and all."""
    answer = json.loads(await shell.pospago("estimate", "api-pro", *CALLS, "--json"))
    lines = answer["invoices"][0]["lines"]
    assert [line["amount"]["units"] for line in lines] == ["49", "0", "75"]
    assert answer["total"] == {"currency_code": "USD", "units": "124", "nanos": 0}


@pytest.mark.parametrize(
    ("asked", "exit_code", "told"),
    [
        ("nothing-such", EXIT_NOT_FOUND, "plans/nothing-such"),
        ("api-pro --version 2", EXIT_NOT_FOUND, "PLAN_VERSION_NOT_FOUND"),
        (f"{IN_HYBRID} api-prox", EXIT_REFUSED, "Did you mean 'api-pro'?"),
        (f"{IN_HYBRID} api-pro --version 1", EXIT_FAILED, "Leave out --version"),
        ("api-pro --held calls=1", EXIT_REFUSED, "INVALID_QUANTITIES"),
        ("api-pro --from january", MISSPELLED, ""),
    ],
)
async def test_what_cannot_be_estimated_is_refused(
    shell: Shell, asked: str, exit_code: int, told: str
) -> None:
    """By the file, the service or the form, each with its exit code."""
    assert told in await shell.pospago("estimate", *asked.split(), exit_code=exit_code)
