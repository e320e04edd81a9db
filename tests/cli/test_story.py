"""The story as a script, and how its expectations speak. `test_docs.py` plays it."""

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from pospago.provisioning.v1 import instance_pb2

from pospago_cli.catalog.loading import read_catalog
from pospago_cli.demo import CATALOG
from pospago_cli.story.expectations import Surprise, expect_fields, expect_refusal
from pospago_cli.story.whole import WHOLE_STORY

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
INSTANCE = instance_pb2.Instance(
    name="accounts/acme/instances/one",
    state=instance_pb2.Instance.STATE_CANCELLING,
    expire_date=Date(year=2027, month=2, day=10),
    purge_time=Timestamp(seconds=1_802_314_800),
)


def test_the_story_never_goes_back_in_time() -> None:
    """Each step happens at the instant of the one before, or later."""
    assert all(earlier.at <= later.at for earlier, later in pairwise(WHOLE_STORY))


def test_fields_that_read_as_expected_pass() -> None:
    """Enums read without prefix, times to the minute in the zone, unset fields as nothing."""
    expect_fields(
        INSTANCE,
        SAO_PAULO,
        state="CANCELLING",
        expire_date="2027-02-10",
        purge_time="2027-02-11 00:00",
        delete_time="",
    )


def test_a_surprise_says_what_was_expected_and_what_came() -> None:
    """It names the thing, and both readings of the fields in question."""
    with pytest.raises(Surprise) as raised:
        expect_fields(INSTANCE, SAO_PAULO, state="ACTIVE")
    assert raised.value.what == "accounts/acme/instances/one"
    assert raised.value.expected == {"state": "ACTIVE"}
    assert raised.value.came == {"state": "CANCELLING"}


def test_an_answer_where_a_refusal_was_expected_is_a_surprise() -> None:
    """A call that goes through must not pass for a refused one."""
    with pytest.raises(Surprise, match="QUOTA_USED_UP"):
        expect_refusal("QUOTA_USED_UP", lambda: INSTANCE)


def test_the_example_catalogue_prices_each_band() -> None:
    """The catalogue that the demo sells from can be read, and says that it is illustrative."""
    (plan,) = read_catalog(CATALOG).plans
    prices = {
        each.band: (each.flat.amount.value, each.currency) for each in plan.versions[0].prices
    }
    assert prices == {1: ("39.90", "BRL"), 2: ("34.90", "BRL"), 3: ("29.90", "BRL")}
    assert "ILLUSTRATIVE" in CATALOG.read_text(encoding="utf-8")
