import { describe, expect, it } from "vitest";
import { router } from "~/router";
import { places, placesOf } from "~/shell/places";
import type { Me, Membership } from "~/session/data";

/** These lead on by themselves, or mean nothing without what a mail's link brings. */
const notToGoTo = ["/", "/marketplace/discover", "/marketplace/publish", "/sign-in/link", "/verify-email", "/reset-password", "/invitation"];

const memberOf = (role: "user" | "admin") => ({ account: { role }, organizations: [] }) as unknown as Me;

const names = (session: Me | null | undefined, permissions: Membership["permissions"] = []) => placesOf(session, { permissions } as Membership).map(({ name }) => name);

describe("the palette", () => {
  const pages = Object.keys(router.routesByPath).filter((path) => !path.includes("$") && !notToGoTo.includes(path));

  it.each(pages)("has %s", (path) => expect(places.map(({ to }) => to)).toContain(path));

  it("names nothing twice", () => expect(new Set(places.map(({ name }) => name)).size).toBe(places.length));

  it("has the doors for visitors, the desk for members, and what is an operator's for them alone", () => {
    expect(names(null)).toContain("Sign in");
    expect(names(null)).not.toContain("Devices");
    expect(names(memberOf("user"))).toContain("Devices");
    expect(names(memberOf("user"))).not.toContain("Sign in");
    expect(names(memberOf("user")).filter((name) => name.startsWith("Admin"))).toEqual([]);
    expect(names(memberOf("admin")).filter((name) => name.startsWith("Admin"))).toHaveLength(3);
    expect(names(undefined)).toContain("Catalog");
  });

  it("offers a member what the role in the organization of the desk allows", () => {
    expect(names(memberOf("user"), ["view"])).not.toContain("Import an API");
    expect(names(memberOf("user"), ["view", "manage_apis"])).toContain("Import an API");
    expect(names(null)).toContain("Import an API");
  });
});
