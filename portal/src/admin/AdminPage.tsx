import { useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { StepUpProvider } from "~/account/StepUp";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Segments } from "~/design/Segments";
import { textOf } from "~/design/useForm";
import { usePageTitle } from "~/design/usePage";
import { AccountList } from "./AccountList";
import type { AdminFilters } from "./filters";
import { OrganizationList } from "./OrganizationList";

/** For those who run this installation: everybody who is on it. */
export function AdminPage() {
  const filters = useSearch({ from: "/desk/admin" });
  const navigate = useNavigate({ from: "/admin" });
  const change = (next: Partial<AdminFilters>) => void navigate({ search: (before: AdminFilters) => ({ ...before, ...next }), replace: true, resetScroll: false });
  const title = filters.view === "organizations" ? "All organizations" : "All accounts";
  usePageTitle(title);
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    change({ q: textOf(new FormData(event.currentTarget), "q") || undefined, open: undefined });
  };
  return (
    <>
      <header className="mb-24">
        <h1 className="text-26 font-semibold">{title}</h1>
        <p className="text-quiet">You run this installation. What you look at here and what you do is in the audit log.</p>
      </header>
      <div className="flex flex-wrap items-end gap-x-16 gap-y-8 mb-16">
        <Segments
          label="What to list"
          value={filters.view ?? "accounts"}
          options={[
            ["accounts", "Accounts"],
            ["organizations", "Organizations"],
          ]}
          onChange={(view) => change({ view: view === "organizations" ? view : undefined, open: undefined, status: undefined })}
        />
        {filters.view === "organizations" ? (
          <Segments
            key="organizations"
            label="Which organizations"
            value={filters.status ?? "all"}
            options={[
              ["all", "All"],
              ["suspended", "Suspended"],
              ["removed", "Removed"],
            ]}
            onChange={(status) => change({ status: status === "suspended" || status === "removed" ? status : undefined, open: undefined })}
          />
        ) : (
          <Segments
            key="accounts"
            label="Which accounts"
            value={filters.status ?? "all"}
            options={[
              ["all", "All"],
              ["disabled", "Disabled"],
              ["deleted", "Deleted"],
              ["operators", "Operators"],
            ]}
            onChange={(status) => change({ status: status === "disabled" || status === "deleted" || status === "operators" ? status : undefined, open: undefined })}
          />
        )}
        <form key={filters.q} role="search" className="flex items-end gap-8" onSubmit={search}>
          <TextField small bare label="Part of an address, a name or a slug" name="q" type="search" placeholder="Name or address" defaultValue={filters.q} />
          <Button type="submit">Search</Button>
        </form>
      </div>
      <StepUpProvider>
        {filters.view === "organizations" ? <OrganizationList filters={filters} onChange={change} /> : <AccountList filters={filters} onChange={change} />}
      </StepUpProvider>
    </>
  );
}
