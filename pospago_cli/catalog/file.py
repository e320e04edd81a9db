"""What a catalogue file may say. The JSON Schema beside the examples is made from this.

Short forms are spelled out before they are read: `included: 10_000` is `included: {quantity:
10_000}`, and a list of steps is `{steps: [...]}`.
"""

from typing import Annotated, ClassVar, Final, Literal, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from pospago_cli.catalog.figures import (
    Code,
    Currency,
    Discount,
    Flag,
    Large,
    Number,
    Percent,
    Slug,
    Whole,
)

MODELS: Final = (
    "flat per_unit graduated volume package stairstep percentage graduated_percentage capacity"
).split()
KINDS: Final = "licensed metered counting".split()


class Part(BaseModel):
    """A mapping of the file; it takes no key that is not named here."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shortened(Part):
    """A mapping that may be written as less than one: `short` names the only key then."""

    short: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, value: object) -> object:
        return value if isinstance(value, dict) else cls.spelled_out(value)

    @classmethod
    def spelled_out(cls, value: object) -> object:
        """The mapping that a short form stands for."""
        return {cls.short: value}

    @classmethod
    def short_schema(cls, properties: JsonSchemaValue) -> JsonSchemaValue:
        """The schema of the short form, from those of the keys."""
        return cast("JsonSchemaValue", properties[cls.short])

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        reference = handler(core_schema)
        definition = handler.resolve_ref_schema(reference)
        whole = dict(definition)
        definition.clear()
        definition["anyOf"] = [cls.short_schema(whole["properties"]), whole]
        return reference


class Endless(Shortened):
    """A quantity, or `unlimited`."""

    short: ClassVar = "quantity"
    quantity: Number | None = None
    unlimited: Flag = False

    @classmethod
    def spelled_out(cls, value: object) -> object:
        """A quantity, or none that ends it."""
        return {"unlimited": "true"} if value == "unlimited" else {"quantity": value}

    @classmethod
    def short_schema(cls, properties: JsonSchemaValue) -> JsonSchemaValue:
        """A number, or the one word."""
        return {"anyOf": [properties["quantity"], {"const": "unlimited"}]}

    @model_validator(mode="after")
    def _of_one_size(self) -> Self:
        if self.unlimited == (self.quantity is not None):
            raise ValueError("must have either a quantity or `unlimited: true`")
        return self


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
    timing: Literal["advance", "arrears"] | None = None
    anchor: Literal["calendar", "anniversary"] | None = None
    anchor_day: Whole | None = None
    anchor_month: Whole | None = None
    first_period: Literal["full", "prorated", "free"] | None = None
    last_period: Literal["full", "prorated", "free"] | None = None
    instalments: Whole | None = None


class Counting(Shortened):
    """How many things of an account there are."""

    short: ClassVar = "counted"
    counted: Code
    trigger_labels: list[Code] = []
    labelled_only: Flag = False
    own_counted: Flag = False
    instant: Literal["period_end", "period_start"] | None = None


class Included(Endless):
    """What costs nothing: `10_000`, `unlimited`, `{per: seats, quantity: 5}`."""

    per: Code | None = None
    pooled: Flag = True
    prorated: Flag = False

    @model_validator(mode="after")
    def _per_of_something(self) -> Self:
        if self.unlimited and self.per:
            raise ValueError("`per` needs a quantity: what is unlimited is so for all")
        return self


class Tier(Part):
    """A range of quantities, up to its bound; the last has none."""

    up_to: Number | None = None
    unit_price: Number | None = None
    flat_fee: Number | None = None


class Package(Part):
    """By packages of a size."""

    size: Number
    package_price: Number
    rounding: Literal["started", "completed"] | None = None
    packages_min: Large = 0


class Step(Part):
    """A step, up to its bound; the last has none."""

    up_to: Number | None = None
    amount: Number


class Stairstep(Shortened):
    """An amount by steps."""

    short: ClassVar = "steps"
    steps: list[Step]
    mode: Literal["reached", "cumulative"] | None = None


class Percentage(Shortened):
    """A part of an amount of money."""

    short: ClassVar = "percent"
    percent: Percent
    fixed_fee: Number | None = None
    free_amount: Number | None = None
    free_events: Large = 0
    event_minimum: Number | None = None
    event_maximum: Number | None = None


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
    currency: Currency | None = None
    tax_category: Code | None = None
    licensed: str | None = None
    metered: Slug | None = None
    counting: Counting | None = None
    flat: Number | None = None
    per_unit: Number | None = None
    graduated: list[Tier] | None = None
    volume: list[Tier] | None = None
    package: Package | None = None
    stairstep: Stairstep | None = None
    percentage: Percentage | None = None
    graduated_percentage: list[PercentTier] | None = None
    capacity: list[CapacityTier] | None = None
    zero_usage: Literal["shown", "omitted", "charged"] | None = None
    included: Included | None = None
    minimum_charge: Number | None = None
    maximum_charge: Number | None = None
    discount: Discount | None = None
    review: Literal["none", "hold"] | None = None

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
    band: Whole = 0


class AddOn(Item):
    """An optional price that plans attach by its key, which is its code unless it has another."""

    code: Code | None = None
    quantity_max: Whole = 0
    exclusive_group: Code | None = None


class SharedAllowance(Part):
    """What several prices use up together, the first one first."""

    included: Included
    prices: list[Code]


class Limit(Endless):
    """How much a plan allows of something: `5`, `unlimited`, `{quantity: 10, unit: GB}`."""

    display_name: str = ""
    unit: str = ""
    raised_by: Code | None = None


class Plan(Scheduled):
    """Something that can be subscribed; its schedule holds for prices that state none."""

    display_name: str
    version_policy: Literal["follow", "keep"]
    currency: Currency | None = None
    tax_category: Code | None = None
    price_change_notice_days: Whole = 0
    prices: list[Price]
    add_ons: list[Code] = []
    shared_allowances: dict[Code, SharedAllowance] = {}
    limits: dict[Code, Limit] = {}


class Meter(Part):
    """What is measured."""

    display_name: str = ""
    event: str
    aggregation: Literal["count", "sum", "max", "latest", "unique_count", "weighted_sum"]
    property: str = ""
    unit: str = ""


class TaxRate(Part):
    """The tax on one category; without one, on all that no other rate names."""

    tax_category: Code | None = None
    display_name: str = ""
    percent: Percent = "0"
    exempt: Flag = False


class TaxProfile(Part):
    """Rates by tax category."""

    display_name: str
    prices_include_tax: Flag = False
    rounding: Literal["document", "line"] | None = None
    tax_point: Literal["issue_date", "period_end", "period_start"] | None = None
    rates: list[TaxRate]


class CatalogFile(Part):
    """A catalogue file: meters, tax profiles, add-ons and plans, by id."""

    catalog: Annotated[Literal["1"], WithJsonSchema({"const": 1})]
    currency: Currency | None = None
    meters: dict[Slug, Meter] = {}
    tax_profiles: dict[Slug, TaxProfile] = {}
    add_ons: dict[Code, AddOn] = {}
    plans: dict[Slug, Plan] = {}
