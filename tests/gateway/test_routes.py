"""Which process answers which rpc."""

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from gateway.contract import complete, read_contract
from gateway.failures import ContractMissing, UnroutedService
from gateway.routes import Backend, Route, routes_of
from tests.gateway.echo_contract import INSTANCES, INVOICES, echo_contract, echo_file


def test_package_decides_the_backend() -> None:
    """Provisioning's and billing's rpcs are told apart, and which may be asked twice."""
    # Requests of a stream are not there a second time, whatever the contract says.
    assert routes_of(echo_contract()) == (
        Route(INSTANCES, "Get", Backend.PROVISIONING, side_effect_free=True),
        Route(INSTANCES, "Create", Backend.PROVISIONING, side_effect_free=False),
        Route(INSTANCES, "Watch", Backend.PROVISIONING, side_effect_free=True),
        Route(INSTANCES, "Exchange", Backend.PROVISIONING, side_effect_free=False),
        Route(INVOICES, "Get", Backend.BILLING, side_effect_free=True),
        Route(INVOICES, "Create", Backend.BILLING, side_effect_free=False),
        Route(INVOICES, "Watch", Backend.BILLING, side_effect_free=True),
        Route(INVOICES, "Exchange", Backend.BILLING, side_effect_free=False),
    )


def test_access_service_is_provisionings() -> None:
    """The access package has no process of its own."""
    access = FileDescriptorSet(file=[echo_file("pospago.access.v1.AccessService")])
    assert {route.backend for route in routes_of(access)} == {Backend.PROVISIONING}


def test_health_and_reflection_are_the_gateways_own() -> None:
    """What is added to the suite's contract is answered by the gateway."""
    added = routes_of(complete(FileDescriptorSet()))
    assert {route.backend for route in added} == {Backend.GATEWAY}


def test_service_of_no_process_is_refused() -> None:
    """A contract that nobody serves is a mistake, told at start."""
    stray = FileDescriptorSet(file=[echo_file("pospago.nowhere.v1.NoService")])
    with pytest.raises(UnroutedService, match=r"pospago\.nowhere\.v1\.NoService"):
        routes_of(stray)


def test_every_service_of_the_suite_has_a_process() -> None:
    """The shipped contract leads to both services."""
    backends = {route.backend for route in routes_of(read_contract(None))}
    assert {Backend.PROVISIONING, Backend.GATEWAY} <= backends


def test_missing_contract_is_told_with_its_path(tmp_path: Path) -> None:
    """A descriptor set that was not built is named."""
    with pytest.raises(ContractMissing, match=r"none\.binpb"):
        read_contract(tmp_path / "none.binpb")
