import { queryOptions } from "@tanstack/react-query";
import type { Answer, Body } from "@tollgate/sdk";
import { idempotencyKey, take, tollgate } from "~/api/client";
import { queryClient } from "~/api/query";
import { sessionQuery } from "~/session/data";

export type OrganizationDetail = Answer<"/api/organizations/{organization}", "get">;
export type Member = Answer<"/api/organizations/{organization}/members", "get">["data"][number];
export type Invitation = Answer<"/api/organizations/{organization}/invitations", "get">["data"][number];
export type Role = Answer<"/api/organizations/{organization}/members", "get">["roles"][number];
export type RoleName = Role["role"];

const at = (organization: string) => ({ params: { path: { organization } } });

export const organizationQuery = (organization: string | undefined) =>
  queryOptions({
    queryKey: ["organization", organization],
    enabled: organization !== undefined,
    queryFn: () => take(tollgate.GET("/api/organizations/{organization}", at(organization ?? ""))),
  });

const membersAndRoles = (organization: string) =>
  queryOptions({ queryKey: ["organization", organization, "members"], queryFn: () => take(tollgate.GET("/api/organizations/{organization}/members", at(organization))) });

export const membersQuery = (organization: string) => queryOptions({ ...membersAndRoles(organization), select: ({ data }) => data });

/** The roles that there are, what each may do, and which of them one may give. They come with the members. */
export const rolesQuery = (organization: string) => queryOptions({ ...membersAndRoles(organization), select: ({ roles }) => roles });

export const invitationsQuery = (organization: string) =>
  queryOptions({
    queryKey: ["organization", organization, "invitations"],
    queryFn: async () => (await take(tollgate.GET("/api/organizations/{organization}/invitations", at(organization)))).data,
  });

export const membersTokensQuery = (organization: string) =>
  queryOptions({
    queryKey: ["organization", organization, "tokens"],
    queryFn: async () => (await take(tollgate.GET("/api/organizations/{organization}/tokens", at(organization)))).data,
  });

/** Names, roles and memberships are in the session too. */
async function changed(): Promise<void> {
  await Promise.all([queryClient.invalidateQueries({ queryKey: ["organization"] }), queryClient.invalidateQueries(sessionQuery)]);
}

export async function createOrganization(body: Body<"/api/organizations", "post">): Promise<OrganizationDetail> {
  const made = await take(tollgate.POST("/api/organizations", { headers: { "idempotency-key": idempotencyKey() }, body }));
  await changed();
  return made;
}

export async function editOrganization(organization: string, body: Body<"/api/organizations/{organization}", "patch">): Promise<void> {
  await take(tollgate.PATCH("/api/organizations/{organization}", { ...at(organization), body }));
  // The slug is part of what other pages show.
  await Promise.all([changed(), queryClient.invalidateQueries({ queryKey: ["apis"] })]);
}

export async function askSecondFactor(organization: string, asked: boolean): Promise<void> {
  await take(tollgate.PATCH("/api/organizations/{organization}", { ...at(organization), body: { name: null, slug: null, time_zone: null, require_second_factor: asked } }));
  await changed();
}

export async function removeOrganization(organization: string): Promise<void> {
  await take(tollgate.DELETE("/api/organizations/{organization}", at(organization)));
  queryClient.removeQueries({ queryKey: ["organization", organization] });
  await queryClient.invalidateQueries(sessionQuery);
}

export async function leaveOrganization(organization: string): Promise<void> {
  await take(tollgate.POST("/api/organizations/{organization}/leave", at(organization)));
  queryClient.removeQueries({ queryKey: ["organization", organization] });
  await queryClient.invalidateQueries(sessionQuery);
}

export async function transferOrganization(organization: string, account: string): Promise<void> {
  await take(tollgate.POST("/api/organizations/{organization}/transfer", { ...at(organization), body: { account } }));
  await changed();
}

export async function changeRole(organization: string, account: string, role: RoleName): Promise<void> {
  await take(tollgate.PATCH("/api/organizations/{organization}/members/{account}", { params: { path: { organization, account } }, body: { role } }));
  await changed();
}

export async function removeMember(organization: string, account: string): Promise<void> {
  await take(tollgate.DELETE("/api/organizations/{organization}/members/{account}", { params: { path: { organization, account } } }));
  await changed();
}

export async function invite(organization: string, email: string, role: string): Promise<Invitation> {
  const sent = await take(tollgate.POST("/api/organizations/{organization}/invitations", { ...at(organization), headers: { "idempotency-key": idempotencyKey() }, body: { email, role } }));
  await changed();
  return sent;
}

export async function withdraw(organization: string, invitation: string): Promise<void> {
  await take(tollgate.DELETE("/api/organizations/{organization}/invitations/{invitation}", { params: { path: { organization, invitation } } }));
  await changed();
}

export type Received = Answer<"/api/invitations/look", "post">;

export async function endMembersToken(organization: string, token: string): Promise<void> {
  await take(tollgate.DELETE("/api/organizations/{organization}/tokens/{token}", { params: { path: { organization, token } } }));
  await queryClient.invalidateQueries({ queryKey: ["organization", organization, "tokens"] });
}

export const receivedQuery = (token: string) =>
  queryOptions({ queryKey: ["invitation", token], enabled: token !== "", queryFn: () => take(tollgate.POST("/api/invitations/look", { body: { token } })) });

export async function acceptInvitation(token: string): Promise<string> {
  const { organization_id: id } = await take(tollgate.POST("/api/invitations/accept", { body: { token } }));
  await changed();
  return id;
}

export async function declineInvitation(token: string): Promise<void> {
  await take(tollgate.POST("/api/invitations/decline", { body: { token } }));
}
