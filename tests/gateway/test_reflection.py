"""Reflection through the gateway, asked by real tools."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from gateway.contract import read_contract, service_names
from tests.gateway.conftest import Suite
from tests.gateway.echo_contract import INSTANCES, INVOICES

GRPCURL = Path(sys.executable).with_name("grpcurl")
BUF = Path(sys.executable).with_name("buf")

GATEWAY_SERVICES = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
]


async def run(program: Path, *arguments: str) -> tuple[str, str]:
    """Give what the program wrote to standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        str(program),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), timeout=120)
    return out.decode(), err.decode()


async def grpcurl(suite: Suite, *arguments: str) -> tuple[str, str]:
    return await run(GRPCURL, "-plaintext", str(suite.gateway.address), *arguments)


async def test_list_names_the_services_of_both_backends(suite: Suite) -> None:
    """`grpcurl list` shows both backends' services beside health and reflection."""
    listed, _ = await grpcurl(suite, "list")
    assert listed.split() == sorted([INSTANCES, INVOICES, *GATEWAY_SERVICES])


@pytest.mark.parametrize("service", [INSTANCES, INVOICES, *GATEWAY_SERVICES])
async def test_describe_knows_each_service(suite: Suite, service: str) -> None:
    """`grpcurl describe` tells the rpcs of any service."""
    described, complaint = await grpcurl(suite, "describe", service)
    assert (described.splitlines()[:1], complaint) == ([f"{service} is a service:"], "")


async def test_call_needs_no_stubs(suite: Suite) -> None:
    """A call by reflection alone reaches its backend."""
    await grpcurl(suite, f"{INVOICES}/Get")
    assert [call.rpc for call in suite.billing.calls] == ["Get"]


async def test_error_details_are_shown_without_stubs(suite: Suite) -> None:
    """A client that has only reflection can show why it was refused."""
    await suite.billing.stop()
    _, complaint = await grpcurl(suite, f"{INVOICES}/Get")
    assert '"reason":"UPSTREAM_UNAVAILABLE"' in complaint.replace(" ", "")


async def test_newer_tools_use_version_one(suite: Suite) -> None:
    """`buf curl`, which asks version 1 of reflection first, calls health without a schema."""
    url = f"http://{suite.gateway.address}/grpc.health.v1.Health/Check"
    answer, _ = await run(
        BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "-d", "{}",
        "--reflect-protocol", "grpc-v1", url,
    )  # fmt: skip
    assert json.loads(answer) == {"status": "SERVING"}


@pytest.mark.parametrize("settings", [{"protoset_path": None}], indirect=True)
async def test_shipped_contract_is_served_whole(suite: Suite) -> None:
    """Every service of the suite's own descriptor set is listed."""
    listed, _ = await grpcurl(suite, "list")
    assert set(listed.split()) == set(service_names(read_contract(None)))
