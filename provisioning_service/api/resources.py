"""ResourceService, and resources as the contract tells them."""

from typing import Any, Final

from pospago.provisioning.v1 import resource_pb2 as pb

from chassis.database import Transaction
from chassis.rpc.call import Call
from chassis.rpc.names import NamePattern, account_id
from chassis.rpc.writes import Writes, whole
from provisioning_service.api.reading import Reads
from provisioning_service.api.times import to_proto_timestamp
from provisioning_service.domain.resource import Resource, ResourceState
from provisioning_service.storage.facts import Facts
from provisioning_service.storage.holding_facts import add_resources
from provisioning_service.storage.holding_queries import list_resources
from provisioning_service.use_cases.create_resource import CREATE_RESOURCE, CreateResource
from provisioning_service.use_cases.remove_resource import REMOVE_RESOURCE, RemoveResource

RESOURCE: Final = NamePattern("accounts/{account}/resources/{resource}")

_STATE_NUMBERS: Final = {
    ResourceState.ACTIVE: pb.Resource.STATE_ACTIVE,
    ResourceState.SUSPENDED: pb.Resource.STATE_SUSPENDED,
    ResourceState.REMOVED: pb.Resource.STATE_REMOVED,
}


class Resources:
    """The servicer of ResourceService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreateResource(self, request: pb.CreateResourceRequest, call: Call) -> bytes:
        """Add a resource to what an account holds."""
        command = CreateResource(
            account=account_id(request.parent, "parent"),
            resource=request.resource_id,
            kind=request.resource.kind,
            display_name=request.resource.display_name,
            labels=tuple(sorted(request.resource.labels.items())),
            secret_hash=call.caller.secret_hash,
        )
        return await self._writes.run(call, CREATE_RESOURCE, command, _CREATED)

    async def GetResource(
        self, request: pb.GetResourceRequest, call: Call
    ) -> pb.GetResourceResponse:
        """Give one resource."""
        account, resource = RESOURCE.parse(request.name)

        def query(tx: Transaction) -> Resource:
            facts = Facts()
            add_resources(tx, facts, [(account, resource)])
            return facts.resource(account, resource)

        found = await self._reads.run(call, query)
        return pb.GetResourceResponse(resource=to_proto_resource(found))

    async def ListResources(
        self, request: pb.ListResourcesRequest, call: Call
    ) -> pb.ListResourcesResponse:
        """Give a page of what an account holds."""
        page = self._reads.page(request)
        account = account_id(request.parent, "parent")
        found = await self._reads.run(
            call,
            lambda tx: list_resources(
                tx, account, kind=request.kind, after=page.after, limit=page.limit
            ),
        )
        entries, token = page.cut(found, lambda each: each.id)
        return pb.ListResourcesResponse(
            resources=map(to_proto_resource, entries), next_page_token=token
        )

    async def RemoveResource(self, request: pb.RemoveResourceRequest, call: Call) -> bytes:
        """Remove a resource."""
        account, resource = RESOURCE.parse(request.name)
        command = RemoveResource(account, resource, request.etag, call.caller.secret_hash)
        return await self._writes.run(call, REMOVE_RESOURCE, command, _REMOVED)


def to_proto_resource(resource: Resource) -> pb.Resource:
    """A resource as the contract tells it."""
    return pb.Resource(
        name=resource.name,
        kind=resource.kind,
        display_name=resource.display_name,
        labels=dict(resource.labels),
        state=_STATE_NUMBERS[resource.state],
        create_time=to_proto_timestamp(resource.created_at),
        remove_time=to_proto_timestamp(resource.removed_at),
        etag=str(resource.version),
    )


def _whole(response: Any) -> Any:
    return whole(lambda resource: response(resource=to_proto_resource(resource)))


_CREATED: Final = _whole(pb.CreateResourceResponse)
_REMOVED: Final = _whole(pb.RemoveResourceResponse)
