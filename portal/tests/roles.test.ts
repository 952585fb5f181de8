import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { accountState, knownSlug, organizationState, type AdminAccount, type AdminOrganization } from "~/admin/data";
import { statusIn } from "~/admin/filters";
import { may, type Permission } from "~/session/organization";

const source = join(import.meta.dirname, "../src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));

describe("what one may do", () => {
  it("is what the server says, whatever the role is called", () => {
    const steward: { permissions: Permission[] } = { permissions: ["view", "manage_subscriptions"] };
    expect(may(steward, "manage_subscriptions")).toBe(true);
    expect(may(steward, "manage_apis")).toBe(false);
    expect(may(undefined, "view")).toBe(false);
    // As a node of the version before answers.
    expect(may({} as never, "view")).toBe(false);
  });

  it("is written down nowhere in the portal: a role is shown and given, and nothing follows from its name", () => {
    // Who runs the installation is no role of an organization.
    const ruled = files.filter((file) => /(?<!account\.)\brole [!=]==? "|"(?:owner|viewer)"/.test(readFileSync(join(source, file), "utf8")));
    expect(ruled).toEqual([]);
  });
});

const stateOf = (part: Partial<AdminAccount>) => accountState({ role: "user", disabled_at: null, deleted_at: null, ...part } as AdminAccount);

describe("a link to a list of the operators'", () => {
  it("narrows it to a state that it has: of the other list's it knows nothing", () => {
    expect(statusIn(undefined, "disabled")).toBe("disabled");
    expect(statusIn(undefined, "suspended")).toBeUndefined();
    expect(statusIn("organizations", "removed")).toBe("removed");
    expect(statusIn("organizations", "disabled")).toBeUndefined();
    expect([statusIn(undefined, "active"), statusIn("organizations", "active")]).toEqual(["active", "active"]);
    expect([statusIn(undefined, undefined), statusIn("organizations", 3)]).toEqual([undefined, undefined]);
  });
});

describe("what an operator is told of", () => {
  const organization = { slug: "removed-1", former_slugs: ["acme"], removed_at: null, suspension: null } as unknown as AdminOrganization;
  const since = "2026-11-24T12:00:00Z";

  it("an account is its last state", () => {
    expect(stateOf({})).toBe("active");
    expect(stateOf({ role: "admin" })).toBe("operator");
    expect(stateOf({ role: "admin", disabled_at: since })).toBe("disabled");
    expect(stateOf({ disabled_at: since, deleted_at: since })).toBe("deleted");
  });

  it("an organization is its last state, and a removed one has the slug that it was known by", () => {
    const suspension = { since, reason: "Spam." };
    expect(organizationState(organization)).toBe("active");
    expect(organizationState({ ...organization, suspension })).toBe("suspended");
    expect(organizationState({ ...organization, suspension, removed_at: since })).toBe("removed");
    expect(knownSlug({ ...organization, slug: "acme-weather" })).toBe("acme-weather");
    expect(knownSlug({ ...organization, removed_at: since })).toBe("acme");
    expect(knownSlug({ ...organization, removed_at: since, former_slugs: [] })).toBeUndefined();
  });
});
