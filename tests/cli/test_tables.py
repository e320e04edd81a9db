"""Messages as text."""

import json
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from google.type.money_pb2 import Money
from pospago.billing.v1 import subscription_pb2, usage_pb2
from pospago.event.v1 import event_pb2
from pospago.provisioning.v1 import events_pb2, instance_pb2, integrator_pb2
from rich.console import Console

from pospago_cli.events import payload_of
from pospago_cli.tables import (
    Readable,
    field_text,
    instant_text,
    json_line,
    money_text,
    print_table,
    table_of,
)


@pytest.mark.parametrize(
    ("units", "nanos", "text"),
    [
        (39, 900_000_000, "39.90 BRL"),
        (0, 0, "0.00 BRL"),
        (1000, 0, "1000.00 BRL"),
        (0, -50_000_000, "-0.05 BRL"),
        (1, 234_000_000, "1.234 BRL"),
    ],
)
def test_money_reads_with_two_digits_or_more(units: int, nanos: int, text: str) -> None:
    """Trailing zeros beyond the second digit go, no other digit does."""
    assert money_text(Money(currency_code="BRL", units=units, nanos=nanos)) == text


def test_an_instant_reads_in_the_zone_asked_for() -> None:
    """The same instant is another civil day in another zone."""
    instant = Timestamp(seconds=1_801_450_740)
    assert instant_text(instant, ZoneInfo("America/Sao_Paulo")) == "2027-01-31 23:59:00-03:00"


def test_enums_read_without_what_all_their_values_share() -> None:
    """A state reads as one word, several as words in a row, none as nothing."""
    instance = instance_pb2.Instance(
        state=instance_pb2.Instance.STATE_TRIAL,
        stop_reasons=[
            instance_pb2.Instance.STOP_REASON_TRIAL_ENDED,
            instance_pb2.Instance.STOP_REASON_UNPAID,
        ],
    )
    read = [field_text(instance, name) for name in ("state", "stop_reasons", "deletion_reason")]
    assert read == ["TRIAL", "TRIAL_ENDED, UNPAID", ""]


def test_a_path_leads_into_messages() -> None:
    """A column may show a field of a field, and nothing where that is unset."""
    integrator = integrator_pb2.Integrator(programme={"plan": "plans/integrator"})
    assert field_text(integrator, "programme.plan") == "plans/integrator"
    assert field_text(integrator_pb2.Integrator(), "programme.plan") == ""


def test_properties_read_by_name_and_what_is_repeated_by_its_parts() -> None:
    """A map in the order of its keys; a path goes on in each of several messages."""
    voided = usage_pb2.EventCorrection(kind="KIND_VOIDED", reason="twice")
    amended = usage_pb2.EventCorrection(kind="KIND_AMENDED", reason="wrong")
    recorded = usage_pb2.RecordedUsageEvent(
        event=usage_pb2.UsageEvent(data={"b": "2", "a": "1"}), corrections=[amended, voided]
    )
    assert field_text(recorded, "event.data") == "a=1, b=2"
    assert field_text(recorded, "corrections.kind") == "AMENDED, VOIDED"


def test_a_table_holds_a_row_for_each_message() -> None:
    """Headings are the fields' names, cells what they say; markup in data stays text."""
    console = Console(width=100, record=True, quiet=False, file=None)
    messages = [
        instance_pb2.Instance(
            name="accounts/a/instances/[red]", expire_date=Date(year=2027, month=2, day=10)
        )
    ]
    with console.capture() as printed:
        print_table(console, "instances", messages, "name expire_date")
    assert "accounts/a/instances/[red]" in printed.get()
    assert "2027-02-10" in printed.get()


def test_what_one_holds_reads_as_it_is_stated() -> None:
    """The code of a price and its quantity, without zeros beyond the second digit."""
    held = [
        subscription_pb2.Subscription.HeldQuantity(price=price, quantity=Decimal(value=quantity))
        for price, quantity in (("seats", "12"), ("hours", "0.5000"), ("calls", "1.2340"))
    ]
    assert field_text(subscription_pb2.Subscription(held=held), "held") == (
        "seats=12, hours=0.50, calls=1.234"
    )


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (100, ["name", "state", "expire date"]),
        (40, ["name", "state"]),
        (15, ["instances", "name    i/one", "state   TRIAL"]),
    ],
)
def test_a_narrow_terminal_reads_what_fits(width: int, told: list[str]) -> None:
    """All columns, those that say something, or each message by itself."""
    console = Console(width=width)
    messages = [instance_pb2.Instance(name="i/one", state=instance_pb2.Instance.STATE_TRIAL)]
    with console.capture() as printed:
        print_table(console, "instances", messages, "name state expire_date delete_time")
    lines = printed.get().splitlines()
    assert all(any(each in line for line in lines) for each in told), lines


@pytest.mark.parametrize(("width", "told"), [(40, ["used", "cost"]), (18, ["cost", "7.00 BRL"])])
def test_a_readable_table_breaks_no_figure(width: int, told: list[str]) -> None:
    """Where a row does not fit on a line, each of its cells has one."""
    table = table_of("", (), "price used cost")
    table.add_row("requests", "240", "7.00 BRL")
    console = Console(width=width)
    with console.capture() as printed:
        console.print(Readable(table))
    assert any(all(each in line for each in told) for line in printed.get().splitlines())


def test_an_event_is_one_line_of_json() -> None:
    """The payload is unpacked beside what the envelope says."""
    event = event_pb2.Event(account="accounts/acme", actor="operator/admin")
    instance = instance_pb2.Instance(name="accounts/acme/instances/one")
    event.payload.Pack(events_pb2.InstanceCreated(instance=instance))
    told = json.loads(json_line("provisioning", event, payload_of(event)))
    assert told["payload"]["type"] == "pospago.provisioning.v1.InstanceCreated"
    assert told["payload"]["instance"]["name"] == "accounts/acme/instances/one"


def test_an_event_of_an_unknown_kind_still_prints() -> None:
    """A newer service may tell what this client does not know."""
    event = event_pb2.Event(account="accounts/acme")
    event.payload.type_url = "type.googleapis.com/pospago.provisioning.v9.Unheard"
    assert json.loads(json_line("provisioning", event, payload_of(event)))["account"] == (
        "accounts/acme"
    )
