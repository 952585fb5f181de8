export interface AdminFilters {
  view?: "organizations";
  q?: string;
  status?: "active" | "disabled" | "deleted" | "operators" | "suspended" | "removed";
  open?: string;
}

const statuses: Record<"accounts" | "organizations", readonly AdminFilters["status"][]> = {
  accounts: ["active", "disabled", "deleted", "operators"],
  organizations: ["active", "suspended", "removed"],
};

/** The status that an address asks for, where its list has it: the server refuses one of the other list. */
export const statusIn = (view: AdminFilters["view"], value: unknown): AdminFilters["status"] => statuses[view ?? "accounts"].find((each) => each === value);
