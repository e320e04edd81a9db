"""A well-formed request of each rpc about members, resources and entitlements."""

from typing import Final

_MEMBER: Final = "accounts/$account/members/$member"
_RESOURCE: Final = "accounts/$account/resources/$resource"

HOLDING_SAMPLES: Final = {
    "provisioning.MemberService.CreateMember": (
        'parent: "accounts/$account" member_id: "$new"'
        ' member {display_name: "New" email: "new@example.com" role: ROLE_ADMIN}'
    ),
    "provisioning.MemberService.GetMember": f'name: "{_MEMBER}"',
    "provisioning.MemberService.ListMembers": 'parent: "accounts/$account" page_size: 1',
    "provisioning.MemberService.UpdateMember": (
        f'member {{name: "{_MEMBER}" display_name: "Other"}} update_mask {{paths: "display_name"}}'
    ),
    "provisioning.MemberService.RemoveMember": f'name: "{_MEMBER}"',
    "provisioning.MemberService.RotateMemberSecret": f'name: "{_MEMBER}"',
    "provisioning.MemberService.SetPrincipal": f'name: "{_MEMBER}" reason: "on leave"',
    "provisioning.ResourceService.CreateResource": (
        'parent: "accounts/$account" resource_id: "$new"'
        ' resource {kind: "seat" display_name: "New" labels {key: "member" value: "ana"}}'
    ),
    "provisioning.ResourceService.GetResource": f'name: "{_RESOURCE}"',
    "provisioning.ResourceService.ListResources": 'parent: "accounts/$account" page_size: 1',
    "provisioning.ResourceService.RemoveResource": f'name: "{_RESOURCE}"',
    "provisioning.EntitlementService.CheckEntitlement": (
        'parent: "accounts/$account" code: "seat" quantity {value: "2"}'
    ),
    "provisioning.EntitlementService.GetEntitlements": 'name: "accounts/$account/entitlements"',
}
