"""What a catalogue file refers to, and the rules for prices: each fault by its line and field."""

from pathlib import Path

import pytest

from tests.cli.catalog_files import PLAN, faults_of, told, written


@pytest.mark.parametrize(
    ("price", "line", "field", "said"),
    [
        # An overlap, a gap after the last bound, and a last tier that ends.
        ("graduated: [{up_to: 10, unit_price: 2}, {up_to: 10, unit_price: 1}, {}]",
         14, "graduated[1].up_to", "10"),
        ("graduated: [{up_to: 10, unit_price: 2}, {up_to: 5}, {}]",
         14, "graduated[1].up_to", "above 10"),
        ("volume: [{up_to: 10, flat_fee: 2}]", 14, "volume[0].up_to", ""),
        ("volume: [{flat_fee: 2}, {up_to: 10}, {}]", 14, "volume[0].up_to", ""),
        ("stairstep: [{up_to: 10, amount: 2}]", 14, "stairstep[0].up_to", ""),
        ("per_unit: 1\n        discount: 120%", 15, "discount", "100"),
        ("per_unit: 1\n        minimum_charge: 5\n        maximum_charge: 4",
         15, "minimum_charge", "maximum"),
        ("per_unit: 0.0000000000001", 14, "per_unit", "12"),
        ("per_unit: 1\n        currency: XXY", 15, "currency", "ISO 4217"),
        ("per_unit: 1\n        instalments: 5", 15, "instalments", ""),
        ("per_unit: 1\n        anchor_day: 32", 15, "anchor_day", "31"),
        ("per_unit: 1\n        included: {per: seats, quantity: 5}", 15, "included.per", "seats"),
        ("package: {size: 0, package_price: 1}", 14, "package.size", ""),
    ],
)  # fmt: skip
def test_a_price_that_breaks_a_rule_is_told_where_it_stands(
    tmp_path: Path, price: str, line: int, field: str, said: str
) -> None:
    """The fault has the line of the value, and the path that the file has for it."""
    fault = faults_of(written(tmp_path, f"{PLAN}        {price}\n"))[0]
    assert (fault.line, fault.field) == (line, f"plans.pro.prices[1].{field}")
    assert said in f"{fault.text} {fault.remedy}"


def test_a_meter_that_the_file_does_not_have_is_refused(tmp_path: Path) -> None:
    """A file holds the meters that it uses, and one remedy says so."""
    text = PLAN.replace("metered: api-calls", "metered: api-call") + "        per_unit: 1\n"
    (fault,) = faults_of(written(tmp_path, text))
    assert (fault.line, fault.field) == (13, "plans.pro.prices[1].metered")
    assert str(fault).endswith(
        "meter 'api-call' is not in this file, and a file names each meter that it uses. Add it to "
        "`meters`, also if it is stored, or check the name. Did you mean 'api-calls'?"
    )


def test_a_capacity_of_a_meter_that_the_file_does_not_have_is_refused(tmp_path: Path) -> None:
    """The meters of ceilings are the file's, too."""
    text = PLAN.replace("metered: api-calls", "capacity: [{ceilings: {cores: 4}, amount: 1}]")
    fault = faults_of(written(tmp_path, text))[0]
    assert fault.text.startswith("meter 'cores' is not in this file")


def test_parts_that_do_not_divide_a_period_are_told_those_that_do(tmp_path: Path) -> None:
    """The remedy names each number of instalments that a year may have."""
    price = "per_unit: 1\n        interval: year\n        instalments: 7\n"
    fault = faults_of(written(tmp_path, f"{PLAN}        {price}"))[0]
    assert fault.remedy == "It may be one of 1, 2, 3, 4, 6, 12."


def test_a_summing_meter_without_a_property_is_told_in_the_terms_of_the_file(
    tmp_path: Path,
) -> None:
    """The file says `sum`, and so does the fault."""
    text = PLAN.replace("aggregation: count", "aggregation: sum") + "        per_unit: 1\n"
    fault = faults_of(written(tmp_path, text))[0]
    assert (fault.line, fault.field) == (3, "meters.api-calls.property")
    assert fault.text == "`sum` needs a property"


def test_an_item_that_is_priced_twice_is_refused(tmp_path: Path) -> None:
    """In one band and currency an item has one price."""
    text = PLAN.replace("code: calls", "code: base") + "        per_unit: 1\n"
    assert told(written(tmp_path, text)) == [(12, "plans.pro.prices[1].code")]


@pytest.mark.parametrize(
    ("meter", "field", "said"),
    [
        ("dimensions: [a, b, a]", "dimensions", "unique"),
        ("value_per_unit: 0", "value_per_unit", "must be above 0"),
        ("value_per_unit: 0.0000000001", "value_per_unit", "at most 9 decimals"),
        ("value_per_unit: 100000000000000000000000", "value_per_unit", "must be a decimal"),
        ("rounding: {mode: up, decimals: 10}", "rounding.decimals", "9"),
        ("filters: {kind: []}", "filters.kind", "1"),
    ],
)
def test_a_meter_that_breaks_a_rule_is_told_where_it_stands(
    tmp_path: Path, meter: str, field: str, said: str
) -> None:
    """Conversion, rounding, filters and dimensions have the line and path of the file."""
    text = PLAN.replace("aggregation: count", f"aggregation: count, {meter}")
    fault = faults_of(written(tmp_path, text + "        per_unit: 1\n"))[0]
    assert (fault.line, fault.field) == (3, f"meters.api-calls.{field}")
    assert said in fault.text


@pytest.mark.parametrize(
    ("price", "field", "said", "remedy"),
    [
        (
            "metered: {meter: api-calls, filters: {region: [br], zone: [a]}}",
            "metered.filters.zone",
            "zone is no dimension of meters/api-calls",
            "It has region, seat.",
        ),
        (
            "metered: api-calls\n        included: {per: base, quantity: 1, dimension: seat}",
            "included.dimension",
            "is for the pooling PER_UNIT only",
            "Say `pooled: false`, or leave it out.",
        ),
        (
            (
                "metered: api-calls\n        included: "
                "{per: base, quantity: 1, pooled: false, dimension: zone}"
            ),
            "included.dimension",
            "zone is no dimension of meters/api-calls",
            "It has region, seat.",
        ),
    ],
)
def test_a_dimension_that_a_price_cannot_name_is_told_where_it_stands(
    tmp_path: Path, price: str, field: str, said: str, remedy: str
) -> None:
    """Filters are called by what they look at, as the file has them."""
    text = PLAN.replace("aggregation: count", "aggregation: count, dimensions: [region, seat]")
    text = text.replace("flat: 49.00", "licensed: seat\n        per_unit: 1")
    path = written(tmp_path, text.replace("metered: api-calls", price) + "        per_unit: 1\n")
    (fault,) = faults_of(path)
    assert (fault.field, fault.text, fault.remedy) == (
        f"plans.pro.prices[1].{field}",
        said,
        remedy,
    )


def test_a_counting_meter_with_a_property_is_refused(tmp_path: Path) -> None:
    """COUNT looks at no value."""
    text = PLAN.replace("aggregation: count", "aggregation: count, property: bytes")
    assert told(written(tmp_path, text + "        per_unit: 1\n")) == [
        (3, "meters.api-calls.property")
    ]


@pytest.mark.parametrize(
    ("rates", "field"),
    [
        ("{percent: 101}", "rates[0].percent"),
        ("{percent: 1}, {percent: 2}", "rates[1].tax_category"),
        ("{percent: 1, exempt: true}", "rates[0].percent"),
    ],
)
def test_a_tax_rate_that_breaks_a_rule_is_told_where_it_stands(
    tmp_path: Path, rates: str, field: str
) -> None:
    """A rate is at most the whole, one for each category, and 0 where nothing is taxed."""
    text = f"catalog: 1\ntax_profiles:\n  vat: {{display_name: V, rates: [{rates}]}}\n"
    assert told(written(tmp_path, text)) == [(3, f"tax_profiles.vat.{field}")]


def _with_add_on(folder: Path, *, attached: str = "sms", sms: str = "flat: 29") -> Path:
    return written(
        folder,
        f"{PLAN}        per_unit: 1\n    add_ons: [{attached}]\nadd_ons:\n  sms: {{ {sms} }}\n",
    )


def test_an_add_on_that_no_plan_attaches_is_refused(tmp_path: Path) -> None:
    """It could never be chosen."""
    fault = faults_of(_with_add_on(tmp_path, attached=""))[0]
    assert (fault.line, fault.field) == (17, "add_ons.sms")
    assert fault.remedy == "Add 'sms' to the `add_ons` of a plan, or remove it here."


def test_an_add_on_that_is_not_there_cannot_be_attached(tmp_path: Path) -> None:
    """The fault stands where the plan names it, and tells what was probably meant."""
    fault = faults_of(_with_add_on(tmp_path, attached="sms, smss"))[0]
    assert (fault.line, fault.field) == (15, "plans.pro.add_ons[1]")
    assert fault.remedy == "Did you mean 'sms'?"


def test_an_add_on_is_attached_once(tmp_path: Path) -> None:
    """Twice the same add-on would be twice the same price."""
    assert told(_with_add_on(tmp_path, attached="sms, sms")) == [(15, "plans.pro.add_ons[1]")]


def test_an_add_on_shares_the_currency_of_its_plan(tmp_path: Path) -> None:
    """The fault stands at the add-on, which says another one."""
    fault = faults_of(_with_add_on(tmp_path, sms="flat: 29, currency: BRL"))[0]
    assert (fault.line, fault.field) == (17, "add_ons.sms.currency")
    assert fault.text == "sms has nothing to be added to: the plan has no base price in BRL"
    assert fault.remedy == "Give it the currency of its plan, or the plan a price in this one."


def test_an_add_on_of_what_is_used_is_refused(tmp_path: Path) -> None:
    """Only what is held can be chosen."""
    fault = faults_of(_with_add_on(tmp_path, sms="metered: api-calls, per_unit: 1"))[0]
    assert (fault.line, fault.field) == (17, "add_ons.sms")
    assert "only recurring and licensed" in fault.text


def test_an_allowance_cannot_come_from_itself(tmp_path: Path) -> None:
    """Two prices whose allowances come per unit of the other are a circle."""
    head = PLAN.partition("      - code: calls")[0]
    text = head + (
        "      - code: seats\n        licensed: seat\n        per_unit: 1\n"
        "        included: {per: users, quantity: 1}\n"
        "      - code: users\n        licensed: user\n        per_unit: 1\n"
        "        included: {per: seats, quantity: 1}\n"
    )
    path = written(tmp_path, text)
    assert told(path)[0] == (15, "plans.pro.prices[1].included.per")
    assert "seats -> users -> seats" in faults_of(path)[0].text


def test_what_is_shared_and_limited_is_told_by_its_key(tmp_path: Path) -> None:
    """An allowance without its prices, and a limit that nothing can raise."""
    text = PLAN + (
        "        per_unit: 1\n"
        "    shared_allowances:\n"
        "      together: { included: 10, prices: [calls, texts] }\n"
        "    limits:\n"
        "      users: { quantity: 5, raised_by: extra-user }\n"
    )
    assert told(written(tmp_path, text)) == [
        (16, "plans.pro.shared_allowances.together.prices[1]"),
        (18, "plans.pro.limits.users.raised_by"),
    ]


def test_a_minimum_spend_is_told_by_its_key(tmp_path: Path) -> None:
    """One that counts what the plan has no price for."""
    text = PLAN + (
        "        per_unit: 1\n    minimum_spend: { amount: 1_000, prices: [calls, texts] }\n"
    )
    assert told(written(tmp_path, text)) == [(15, "plans.pro.minimum_spend.prices[1]")]


def test_a_field_rule_of_the_contract_is_told_in_the_terms_of_the_file(tmp_path: Path) -> None:
    """What the contract says of a message, the file hears of its key."""
    text = PLAN.replace("event: api.call", "event: api call") + "        per_unit: 1\n"
    assert told(written(tmp_path, text)) == [(3, "meters.api-calls.event")]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """One run is enough to mend a file."""
    text = PLAN.replace("flat: 49.00", "flat: 0.0000000000001") + "        per_unit: 1\n"
    text = text.replace("metered: api-calls", "metered: none")
    assert [line for line, _ in told(written(tmp_path, text))] == [11, 13]
