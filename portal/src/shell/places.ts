import type { LinkProps } from "@tanstack/react-router";
import type { Me, Membership } from "~/session/data";
import { may, type Permission } from "~/session/organization";

type Whose = "visitors" | "members" | "operators";

export interface Place {
  name: string;
  to: NonNullable<LinkProps["to"]>;
  search?: Record<string, string>;
  /** Everybody without it; who is not signed in is asked to. */
  of?: Whose;
  /** What one's role in the organization of the desk has to allow. */
  needs?: Permission;
}

/** Every page that can be gone to by its name alone. */
export const places: readonly Place[] = [
  { name: "Catalog", to: "/marketplace" },
  { name: "Subscriptions", to: "/subscriptions" },
  { name: "My APIs", to: "/apis" },
  { name: "Meters", to: "/meters" },
  { name: "Import an API", to: "/apis/new", needs: "manage_apis" },
  { name: "Organization and members", to: "/organization", of: "members" },
  { name: "Audit log", to: "/audit-log", of: "members" },
  { name: "API tokens", to: "/tokens", of: "members" },
  { name: "Devices", to: "/devices", of: "members" },
  { name: "Account security", to: "/account", of: "members" },
  { name: "Admin: accounts", to: "/admin", of: "operators" },
  { name: "Admin: organizations", to: "/admin", search: { view: "organizations" }, of: "operators" },
  { name: "Admin: audit log of all organizations", to: "/audit-log", search: { all: "1" }, of: "operators" },
  { name: "Sign in", to: "/sign-in", of: "visitors" },
  { name: "Create an account", to: "/sign-up", of: "visitors" },
  { name: "Choose a new password", to: "/forgot-password", of: "visitors" },
];

export function placesOf(session: Me | null | undefined, organization: Membership | undefined): readonly Place[] {
  const is: Record<Whose, boolean> = { visitors: session === null, members: Boolean(session), operators: session?.account.role === "admin" };
  return places.filter(({ of, needs }) => (of === undefined || is[of]) && (needs === undefined || !session || may(organization, needs)));
}
