"""What a catalogue file may say. The JSON Schema beside the examples is made from this."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from pospago_cli.catalog.figures import (
    Code,
    Currency,
    Flag,
    Number,
    Percent,
    Property,
    Slug,
    Whole,
)
from pospago_cli.catalog.parts import Endless, Part, Shortened
from pospago_cli.catalog.prices import AddOn, Included, Price, Scheduled


class SharedAllowance(Part):
    """What several prices use up together, the first one first."""

    included: Included
    """What they may use at no price."""
    prices: list[Code]
    """The codes of the prices that use it."""


class Limit(Endless):
    """How much a plan allows of something: `5`, `unlimited`, `{quantity: 10, unit: GB}`."""

    display_name: str = ""
    unit: str = ""
    """What it is counted in."""
    raised_by: Code | None = None
    """The code of the licensed price that raises it by one for each unit held."""


class MinimumSpend(Shortened):
    """What a subscription comes to at least: `1_000`, `{amount: 1_000, prices: [calls]}`."""

    short: ClassVar = "amount"
    amount: Number
    """The least of a full period."""
    prices: list[Code] = Field(default_factory=list)
    """The codes of the prices that count; left out, all do."""


class Proration(Shortened):
    """How a change is charged: `prorate_now`, `{mode: full_now, granularity: second}`."""

    short: ClassVar = "mode"
    mode: (
        Literal[
            "prorate_now",
            "prorate_next_invoice",
            "full_now",
            "difference_now",
            "none_until_renewal",
        ]
        | None
    ) = None
    """What the change makes of the period that it takes effect in."""
    granularity: Literal["second", "day", "day_of_30"] | None = None
    """How finely the period is divided."""
    change_day: Literal["new", "old"] | None = None
    """Whose the day of the change is."""
    allowances: Literal["full", "prorated"] | None = None
    """What each side of the change has of an allowance: all of it, or its part of the period."""


class Plan(Scheduled):
    """Something that can be subscribed; its schedule holds for prices that state none."""

    display_name: str
    """What an invoice calls it."""
    version_policy: Literal["follow", "keep"]
    """Whether a subscription follows the version in force, or keeps the one it bought."""
    currency: Currency | None = None
    """ISO 4217, for prices that state none."""
    tax_category: Code | None = None
    """What decides the tax rate of prices that state none."""
    price_change_notice_days: Whole = 0
    """How many days ahead an account is told of a price change of its own."""
    default_proration: Proration | None = None
    """How a change of a subscription is charged where nobody says so."""
    prices: list[Price]
    """In the order in which an invoice lists them."""
    add_ons: list[Code] = Field(default_factory=list)
    """The keys of the add-ons that may be chosen."""
    shared_allowances: dict[Code, SharedAllowance] = Field(default_factory=dict)
    """What several prices use up together."""
    limits: dict[Code, Limit] = Field(default_factory=dict)
    """What the plan allows at no price."""
    minimum_spend: MinimumSpend | None = None
    """What a subscription comes to at least in each period of the plan's schedule."""


class Rounding(Shortened):
    """How a quantity is rounded: `up`, `{mode: half_up, decimals: 2}`."""

    short: ClassVar = "mode"
    mode: Literal["half_up", "up", "down"]
    """Which way: to the nearest, a half up; up; down."""
    decimals: Whole = 0
    """How many decimals are left."""


class Meter(Part):
    """What is measured."""

    display_name: str = ""
    event: str
    """The type of the events that it sums up, such as `api.call`."""
    aggregation: Literal["count", "sum", "max", "latest", "unique_count", "weighted_sum"]
    """How events are summed up."""
    property: str = ""
    """The property of an event that holds its value."""
    unit: str = ""
    """What it is counted in, such as `GB`."""
    filters: dict[Property, list[str]] = Field(default_factory=dict)
    """By property: which values of it are counted; one suffices."""
    dimensions: list[Property] = Field(default_factory=list)
    """The properties by which usage can be told apart and priced."""
    value_per_unit: Number | None = None
    """How much of what events state makes one unit, such as `1_024`."""
    rounding: Rounding | None = None
    """How the quantity of a period is rounded: `up`, `{mode: half_up, decimals: 2}`."""


class TaxRate(Part):
    """The tax on one category; without one, on all that no other rate names."""

    tax_category: Code | None = None
    """The category; without one, all that no other rate names."""
    display_name: str = ""
    """What an invoice calls the tax."""
    percent: Percent = "0"
    exempt: Flag = False
    """Whether the category is exempt, rather than taxed at 0."""


class TaxProfile(Part):
    """Rates by tax category."""

    display_name: str
    prices_include_tax: Flag = False
    """Whether prices include the tax; otherwise it is added."""
    rounding: Literal["document", "line"] | None = None
    """Where tax is rounded."""
    tax_point: Literal["issue_date", "period_end", "period_start"] | None = None
    """The day whose version decides the rate."""
    rates: list[TaxRate]
    """One for each category."""


class CatalogFile(Part):
    """A catalogue file: meters, tax profiles, add-ons and plans, by id."""

    catalog: Annotated[Literal["1"], WithJsonSchema({"const": 1})]
    """The form of the file."""
    currency: Currency | None = None
    """ISO 4217, for plans that state none."""
    meters: dict[Slug, Meter] = Field(default_factory=dict)
    """What is measured."""
    tax_profiles: dict[Slug, TaxProfile] = Field(default_factory=dict)
    """Rates of tax."""
    add_ons: dict[Code, AddOn] = Field(default_factory=dict)
    """Optional prices, which plans attach."""
    plans: dict[Slug, Plan] = Field(default_factory=dict)
    """What can be subscribed."""
