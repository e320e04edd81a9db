"""What a catalogue file may say of a price, and of when it is charged."""

from typing import ClassVar, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic.json_schema import JsonSchemaValue

from pospago_cli.catalog.figures import (
    Code,
    Currency,
    Discount,
    Flag,
    Large,
    Number,
    Percent,
    Property,
    Slug,
    Whole,
)
from pospago_cli.catalog.parts import Endless, Part, Shortened

MODELS: Final = (
    "flat per_unit graduated volume package stairstep percentage graduated_percentage capacity"
).split()
KINDS: Final = "licensed metered counting".split()


class Interval(Shortened):
    """How long a period is: `month`, `year`, `{months: 3}`, `{years: 2}`."""

    months: Whole | None = None
    years: Whole | None = None

    @classmethod
    def spelled_out(cls, value: object) -> object:
        """One of the unit."""
        if value not in ("month", "year"):
            raise ValueError("must be month, year, {months: 3} or {years: 2}")
        return {f"{value}s": "1"}

    @classmethod
    def short_schema(cls, properties: JsonSchemaValue) -> JsonSchemaValue:
        """The two words."""
        del properties
        return {"enum": ["month", "year"]}

    @model_validator(mode="after")
    def _of_one_unit(self) -> Self:
        if (self.months is None) == (self.years is None) or 0 in {self.months, self.years}:
            raise ValueError("must be month, year, {months: 3} or {years: 2}")
        return self


class Scheduled(Part):
    """For which periods something is charged, and when."""

    interval: Interval | None = None
    """How long a period is: `month`, `year`, `{months: 3}`, `{years: 2}`."""
    timing: Literal["advance", "arrears"] | None = None
    """With which end of its period a charge is invoiced."""
    anchor: Literal["calendar", "anniversary"] | None = None
    """Where periods begin: on a day of the calendar, or on the day of subscription."""
    anchor_day: Whole | None = None
    """The day of the month on which periods begin; the first."""
    anchor_month: Whole | None = None
    """The month in which periods of years begin; January."""
    first_period: Literal["full", "prorated", "free"] | None = None
    """What the first period costs of which only a part is covered."""
    last_period: Literal["full", "prorated", "free"] | None = None
    """What the last period costs of which only a part is covered."""
    instalments: Whole | None = None
    """In how many equal parts a period is charged."""


class Counting(Shortened):
    """How many things of an account there are."""

    short: ClassVar = "counted"
    counted: Code
    """What is counted, such as `client`."""
    trigger_labels: list[Code] = Field(default_factory=list)
    """The price applies once something carries one of these labels; without any, always."""
    labelled_only: Flag = False
    """Whether only things with such a label count."""
    own_counted: Flag = False
    """Whether the account's own thing counts."""
    instant: Literal["period_end", "period_start"] | None = None
    """When they are counted."""


class Metered(Shortened):
    """What was used: the id of a meter, or a part of its usage."""

    short: ClassVar = "meter"
    meter: Slug
    """What is measured: the id of a meter."""
    filters: dict[Property, list[str]] = Field(default_factory=dict)
    """By dimension of the meter: which values of it are priced; one suffices."""


class Included(Endless):
    """What costs nothing: `10_000`, `unlimited`, `{per: seats, quantity: 5}`."""

    per: Code | None = None
    """The code of the licensed price for each unit of which there is so much."""
    pooled: Flag = True
    """Whether all units share it; otherwise each has its own."""
    dimension: Property | None = None
    """The dimension of the meter that names the unit, where each has its own."""
    prorated: Flag = False
    """Whether a part of a period has only its part of it."""

    @model_validator(mode="after")
    def _per_of_something(self) -> Self:
        if self.unlimited and self.per:
            raise ValueError("`per` needs a quantity: what is unlimited is so for all")
        if self.dimension and not self.per:
            raise ValueError("`dimension` goes with `per`: it names the units of that price")
        return self


class Tier(Part):
    """A range of quantities, up to its bound; the last has none."""

    up_to: Number | None = None
    """The last quantity in it; without one, it has no end."""
    unit_price: Number | None = None
    """The price of a unit in it."""
    flat_fee: Number | None = None
    """What it costs to reach it."""


class Package(Part):
    """By packages of a size."""

    size: Number
    """How many units make a package."""
    package_price: Number
    """The price of a package."""
    rounding: Literal["started", "completed"] | None = None
    """Whether a package counts once it is begun, or once it is complete."""
    packages_min: Large = 0
    """The least number that is charged."""


class Step(Part):
    """A step, up to its bound; the last has none."""

    up_to: Number | None = None
    amount: Number


class Stairstep(Shortened):
    """An amount by steps."""

    short: ClassVar = "steps"
    steps: list[Step]
    mode: Literal["reached", "cumulative"] | None = None
    """Whether only the step that is reached is charged, or all before it, too."""


class Percentage(Shortened):
    """A part of an amount of money."""

    short: ClassVar = "percent"
    percent: Percent
    fixed_fee: Number | None = None
    """What each transaction costs besides."""
    free_amount: Number | None = None
    """The amount of which nothing is taken."""
    free_events: Large = 0
    """So many of the first transactions cost nothing."""
    event_minimum: Number | None = None
    """The least that a transaction costs which is not free."""
    event_maximum: Number | None = None
    """The most that a transaction costs."""


class PercentTier(Part):
    """A range of amounts, up to its bound; the last has none."""

    up_to: Number | None = None
    percent: Percent
    flat_fee: Number | None = None


class Ceiling(Endless):
    """The most that a capacity holds of a meter: `1_000` or `unlimited`."""


class CapacityTier(Part):
    """What a capacity holds of each meter, and what it costs."""

    ceilings: dict[Slug, Ceiling]
    amount: Number


class Item(Scheduled):
    """What one thing costs. One model says how; without a source of quantity it is one a period."""

    display_name: str = ""
    """What an invoice calls it."""
    currency: Currency | None = None
    """ISO 4217; that of the plan."""
    tax_category: Code | None = None
    """What decides its tax rate; that of the plan."""
    licensed: str | None = None
    """It is for what a subscription holds: the unit, such as `seat`."""
    metered: Metered | None = None
    """It is for what was used: the id of a meter, `{meter: calls, filters: {region: [br]}}`."""
    counting: Counting | None = None
    """It is for how many things of the account there are."""
    flat: Number | None = None
    """One amount, whatever the quantity."""
    per_unit: Number | None = None
    """The same for each unit."""
    graduated: list[Tier] | None = None
    """Each unit at the price of the tier it falls in."""
    volume: list[Tier] | None = None
    """All units at the price of the tier that the quantity reaches."""
    package: Package | None = None
    """By packages of a size."""
    stairstep: Stairstep | None = None
    """An amount for the step that the quantity reaches."""
    percentage: Percentage | None = None
    """A part of an amount of money."""
    graduated_percentage: list[PercentTier] | None = None
    """A part of an amount of money, by tiers."""
    capacity: list[CapacityTier] | None = None
    """An amount for the lowest capacity that holds the peaks of several meters."""
    zero_usage: Literal["shown", "omitted", "charged"] | None = None
    """What becomes of a quantity of 0: a line of 0, no line, or what the model says."""
    included: Included | None = None
    """What costs nothing: `10_000`, `unlimited`, `{per: seats, quantity: 5}`."""
    minimum_charge: Number | None = None
    """The least that a full period costs."""
    maximum_charge: Number | None = None
    """The most that a full period costs."""
    discount: Discount | None = None
    """What is taken off: `20%`, or an amount."""
    review: Literal["none", "hold"] | None = None
    """`hold`: it is listed, and not charged until somebody decides."""

    @model_validator(mode="after")
    def _of_one_model(self) -> Self:
        models = [name for name in MODELS if getattr(self, name) is not None]
        if len(models) != 1:
            found = " and ".join(models) or "none"
            raise ValueError(f"must have one of {', '.join(MODELS)}, and has {found}")
        kinds = [name for name in KINDS if getattr(self, name) is not None]
        if len(kinds) > 1:
            raise ValueError(f"must have one of {', '.join(KINDS)}, and has {' and '.join(kinds)}")
        return self


class Price(Item):
    """What one thing of a plan costs."""

    code: Code
    """Names it within the plan."""
    band: Whole = 0
    """The tariff band that it is for; 0: for all."""


class AddOn(Item):
    """An optional price that plans attach by its key, which is its code unless it has another."""

    code: Code | None = None
    """Names it within a plan; its key."""
    quantity_max: Whole = 0
    """The most that a subscription may hold; 0: any number."""
    exclusive_group: Code | None = None
    """At most one add-on of a group can be chosen."""
