"""What an event is known by, and what tells its body from another's."""

import json

from hypothesis import given
from hypothesis import strategies as st

from billing_service.domain.usage.event import (
    body_hash_of,
    data_text,
    data_texts,
    event_key_of,
)

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4)
# Also what parts of texts are told apart by, and what JSON is made of.
ANY_TEXTS = st.text(st.sampled_from('\0"\\{}:,aé'), max_size=4)
NAMES = st.tuples(TEXTS, TEXTS)
BODIES = st.tuples(TEXTS, st.none() | st.integers(0, 20), st.dictionaries(TEXTS, TEXTS, max_size=3))


@given(NAMES, NAMES)
def test_events_have_one_key_only_if_source_and_id_are_the_same(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    """Where a source ends and an id begins matters."""
    assert (event_key_of(*one) == event_key_of(*other)) == (one == other)


@given(BODIES, BODIES)
def test_bodies_hash_alike_only_if_they_are_the_same(
    one: tuple[str, int | None, dict[str, str]], other: tuple[str, int | None, dict[str, str]]
) -> None:
    """Type, time and every property count; no time is another than any."""
    assert (body_hash_of(*one) == body_hash_of(*other)) == (one == other)


@given(st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_order_of_the_properties_does_not_change_a_body(data: dict[str, str]) -> None:
    """A map has no order."""
    turned = dict(reversed(data.items()))
    assert body_hash_of("used", 1, turned) == body_hash_of("used", 1, data)


@given(st.lists(st.dictionaries(ANY_TEXTS, ANY_TEXTS, max_size=3)))
def test_data_of_many_events_are_those_of_each(data: list[dict[str, str]]) -> None:
    """Written together and taken apart, no text is cut in two and none runs into the next."""
    assert data_texts(data) == [data_text(each) for each in data]


@given(st.dictionaries(ANY_TEXTS, ANY_TEXTS, max_size=3))
def test_data_of_an_event_are_json(data: dict[str, str]) -> None:
    """As `json.dumps` writes it, without spaces and in the order of the names."""
    assert data_text(data) == json.dumps(
        data, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )


def test_key_and_hash_of_an_event_never_change() -> None:
    """Stores hold them for ever: another way to make them would let events in twice."""
    key = event_key_of("gateway", "e-1")
    body = body_hash_of("used", 1_767_225_600_000_000, {"size": "1", "region": "eu"})
    assert (key.hex(), body.hex()) == (
        "652d31fe9d24414cbd9c623d5163dc156bbd29",
        "8d2065fc9a32da6de9f2c7d08835b87d",
    )


@given(st.lists(st.integers(0, 10**12 - 1), min_size=2, max_size=20, unique=True))
def test_keys_of_numbered_events_sort_by_their_numbers(numbers: list[int]) -> None:
    """New events are beside each other in the store, instead of anywhere in it."""
    keys = {number: event_key_of("gateway", f"event-{number:012d}") for number in numbers}
    assert sorted(numbers, key=lambda number: keys[number]) == sorted(numbers)


def test_key_of_the_longest_id_is_short() -> None:
    """An index of a store takes keys of a bounded length only."""
    assert len(event_key_of("gateway", "𝔊" * 200)) == 36
