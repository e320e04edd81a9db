"""Refusals of the rpcs about instances, by code and reason, from the real server."""

from collections.abc import Awaitable
from datetime import date
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from pospago.provisioning.v1 import instance_pb2

from tests.provisioning.calling import (
    CODE,
    ONE,
    Served,
    a_short_ladder,
    an_integrator,
    new_id,
    refused,
)


def change(on: Served, verb: str, **fields: Any) -> Awaitable[Any]:
    """SubscribeInstance, CancelInstance, SuspendInstance or ResumeInstance by an operator."""
    kind = getattr(instance_pb2, f"{verb}Request")
    request = kind(**({"name": ONE, "request_id": new_id()} | fields))
    answer: Awaitable[Any] = getattr(on.operator.instances, verb)(request)
    return answer


async def test_create_instance_used_up(provisioning: Served) -> None:
    """A used-up token creates nothing more."""
    acme = await a_short_ladder(provisioning)
    assert await refused(acme.create()) == (CODE.RESOURCE_EXHAUSTED, "QUOTA_USED_UP")


async def test_create_instance_too_early(provisioning: Served) -> None:
    """A token waits for the one before."""
    acme = await provisioning.integrator()
    early = provisioning.caller((await acme.request_token()).secret)
    assert await refused(early.create()) == (CODE.FAILED_PRECONDITION, "TOKEN_NOT_YET_USABLE")


async def test_create_instance_not_enrolled(provisioning: Served) -> None:
    """An operator creates nothing for an account that is not enrolled."""
    await provisioning.operator.create_account()
    call = provisioning.operator.create()
    assert await refused(call) == (CODE.FAILED_PRECONDITION, "NOT_ENROLLED")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"instance_id": "one"}, (CODE.ALREADY_EXISTS, "INSTANCE_ALREADY_EXISTS")),
        (
            {"trial_length": Duration(seconds=30 * 86_400 + 1)},
            (CODE.INVALID_ARGUMENT, "TRIAL_TOO_LONG"),
        ),
        ({"instance_id": "Not Good"}, (CODE.INVALID_ARGUMENT, "INVALID_FIELD")),
        ({"request_id": ""}, (CODE.INVALID_ARGUMENT, "INVALID_FIELD")),
    ],
)
async def test_create_instance_refused(
    provisioning: Served, fields: dict[str, Any], told: tuple[Any, str]
) -> None:
    """A creation whose fields do not hold is refused."""
    acme = await an_integrator(provisioning)
    assert await refused(acme.create(**fields)) == told


async def test_create_instance_for_another(provisioning: Served) -> None:
    """An integrator creates for its own account only."""
    acme = await provisioning.integrator()
    await provisioning.integrator("beta")
    assert await refused(acme.create("beta")) == (CODE.PERMISSION_DENIED, "ACCESS_DENIED")


async def test_create_instance_twice_with_one_id(provisioning: Served) -> None:
    """A request id says the same each time."""
    acme = await provisioning.integrator()
    request_id = new_id()
    await acme.create(request_id=request_id)
    call = acme.create(request_id=request_id, display_name="another")
    assert await refused(call) == (CODE.ALREADY_EXISTS, "REQUEST_ID_REUSED")


async def test_get_instance_unknown(provisioning: Served) -> None:
    """An instance that is not there is not found."""
    assert await refused(provisioning.operator.get(ONE)) == (
        CODE.NOT_FOUND,
        "INSTANCE_NOT_FOUND",
    )


@pytest.mark.parametrize(
    "verb", ["SubscribeInstance", "CancelInstance", "SuspendInstance", "ResumeInstance"]
)
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": f"{ONE}x"}, (CODE.NOT_FOUND, "INSTANCE_NOT_FOUND")),
        ({"etag": "9"}, (CODE.ABORTED, "ETAG_MISMATCH")),
    ],
)
async def test_a_change_refused(
    provisioning: Served, verb: str, fields: dict[str, str], told: tuple[Any, str]
) -> None:
    """A change of an unknown instance, or on an old etag, is refused."""
    await an_integrator(provisioning)
    assert await refused(change(provisioning, verb, **fields)) == told


@pytest.mark.parametrize(
    "verb", ["SubscribeInstance", "CancelInstance", "SuspendInstance", "ResumeInstance"]
)
async def test_nothing_happens_to_the_deleted(provisioning: Served, verb: str) -> None:
    """A deleted instance is refused whatever is asked."""
    acme = await an_integrator(provisioning)
    await acme.cancel(ONE)
    assert await refused(change(provisioning, verb)) == (
        CODE.FAILED_PRECONDITION,
        "ILLEGAL_TRANSITION",
    )


async def test_import_instance_refused(provisioning: Served) -> None:
    """An import needs an account that is not enrolled, a free id and a date that is not past."""
    operator = provisioning.operator
    good, past = date(2026, 5, 20), date(2026, 3, 1)
    unknown = await refused(operator.take_over("one", good))
    await operator.create_account()
    late = await refused(operator.take_over("one", past))
    await operator.take_over("one", good)
    twice = await refused(operator.take_over("one", good))
    await operator.enrol()
    enrolled = await refused(operator.take_over("two", good))
    assert (unknown, late, twice, enrolled) == (
        (CODE.NOT_FOUND, "ACCOUNT_NOT_FOUND"),
        (CODE.INVALID_ARGUMENT, "PAID_THROUGH_PAST"),
        (CODE.ALREADY_EXISTS, "INSTANCE_ALREADY_EXISTS"),
        (CODE.FAILED_PRECONDITION, "ALREADY_ENROLLED"),
    )


@pytest.mark.parametrize("day", [{"year": 2026, "month": 2, "day": 30}, {"year": 2400}])
async def test_import_instance_no_date(provisioning: Served, day: dict[str, int]) -> None:
    """A date that the calendar does not have is refused."""
    await provisioning.operator.create_account()
    request = instance_pb2.ImportInstanceRequest(
        parent="accounts/acme", instance_id="one", paid_through_date=day, request_id=new_id()
    )
    call = provisioning.operator.instances.ImportInstance(request)
    assert await refused(call) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_list_instances_of_no_state(provisioning: Served) -> None:
    """A state that no instance has cannot be asked for."""
    request = instance_pb2.ListInstancesRequest(
        parent="accounts/acme", states=[instance_pb2.Instance.STATE_UNSPECIFIED]
    )
    call = provisioning.operator.instances.ListInstances(request)
    assert await refused(call) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD")
