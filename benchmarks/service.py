"""The provisioning service in a process of its own, with the bare echo beside it.

Prints one line of JSON when it serves: both ports and a token's secret. Ends with its standard
input.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Final

import uvloop
from google.type import date_pb2
from pospago.provisioning.v1 import (
    account_pb2,
    account_pb2_grpc,
    instance_pb2,
    instance_pb2_grpc,
    integrator_pb2,
    integrator_pb2_grpc,
)

from benchmarks.echo import start_echo
from benchmarks.requests import ACCOUNT, sample_answer, uuid_text
from chassis.logs import configure_logs
from chassis.rpc.channel import ClientMetadata, open_channel
from chassis.rpc.server import settle_interpreter
from provisioning_service.server import ProvisioningApp
from provisioning_service.settings import ProvisioningSettings

FAR_OFF: Final = date_pb2.Date(year=2099, month=12, day=31)


async def enrol(address: str, operator_secret: str) -> str:
    """An enrolled account whose first token has no limit; gives the token's secret."""
    channel = open_channel(address, ClientMetadata(operator_secret))
    await account_pb2_grpc.AccountServiceStub(channel).CreateAccount(
        account_pb2.CreateAccountRequest(account_id=ACCOUNT)
    )
    await instance_pb2_grpc.InstanceServiceStub(channel).ImportInstance(
        instance_pb2.ImportInstanceRequest(
            parent=f"accounts/{ACCOUNT}",
            instance_id="licence",
            paid_through_date=FAR_OFF,
            request_id=uuid_text(),
        )
    )
    rungs = [{"creations_max": 0, "band": 1}]
    enrolled = await integrator_pb2_grpc.IntegratorServiceStub(channel).EnrolIntegrator(
        integrator_pb2.EnrolIntegratorRequest(
            account=f"accounts/{ACCOUNT}",
            programme=integrator_pb2.Programme(licences_min=1, ladder=rungs),
            request_id=uuid_text(),
        )
    )
    await channel.close()
    return str(enrolled.secret)


async def main(folder: Path, database_url: str) -> None:
    """Serve until standard input ends."""
    settings = ProvisioningSettings(
        data_dir=folder,
        port=0,
        metrics_port=None,
        database_url=database_url,
        log_level="error",
        peer_address="127.0.0.1:9",
    )
    configure_logs(level="error", as_json=True)
    settle_interpreter()
    app = await ProvisioningApp.start(settings)
    assert app.credentials.operator_file is not None
    secret = await enrol(app.address, app.credentials.operator_file.read_text().strip())
    echo, echo_port = await start_echo(sample_answer())
    print(json.dumps({"port": app.port, "echo_port": echo_port, "secret": secret}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await echo.stop(None)
    await app.stop()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
