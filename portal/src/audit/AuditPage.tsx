import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { failureOf } from "~/api/query";
import { Button } from "~/design/Button";
import { When } from "~/design/Figures";
import { Segments } from "~/design/Segments";
import { Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { useSession } from "~/session/data";
import { may, useOrganization } from "~/session/organization";
import { actionText, auditQuery, exportAddress, type AuditFilters, type Entry } from "./data";
import { EntryDetail } from "./EntryDetail";
import { FilterBar } from "./FilterBar";

/** Who changed what. Filters are in the address, so that a finding can be sent to somebody. */
export function AuditPage() {
  const organization = useOrganization();
  const session = useSession();
  const asked = useSearch({ from: "/desk/audit-log" });
  // Who may not read the organization's sees their own.
  const mayRead = may(organization, "read_audit_log");
  const filters: AuditFilters = mayRead || asked.all ? asked : { ...asked, mine: "1" };
  const navigate = useNavigate({ from: "/audit-log" });
  const query = useInfiniteQuery(auditQuery(organization?.id, session?.account.id, filters));
  const entries = query.data?.pages.flatMap((page) => page.data) ?? [];
  const open = entries.find((each) => each.id === filters.entry);
  const change = (next: Partial<AuditFilters>) => void navigate({ search: (before: AuditFilters) => ({ ...before, ...next }), replace: true, resetScroll: false });
  const whose = filters.mine ? "your account" : filters.all ? "all organizations" : (organization?.name ?? "this organization");
  const isOperator = session?.account.role === "admin";
  const title = "Audit log";
  usePageTitle(title);
  return (
    <>
      <header className="flex flex-wrap items-center justify-between gap-16 mb-24">
        <div>
          <h1 className="text-26 font-semibold">{title}</h1>
          <p className="text-quiet">
            Who changed what, in {whose}.{!mayRead && organization && ` As ${organization.role} of ${organization.name} you do not read its log.`}
          </p>
        </div>
        <div className="flex flex-wrap gap-8">
          {(["csv", "jsonl"] as const).map((format) => (
            <a key={format} className="button" data-kind="plain" download href={exportAddress(organization?.id, session?.account.id, filters, format)}>
              {format === "csv" ? "Export CSV" : "Export JSON lines"}
            </a>
          ))}
        </div>
      </header>
      <div className="grid gap-12 mb-16 justify-items-start">
        {(mayRead || isOperator) && (
          <Segments
            label="Whose entries"
            value={filters.mine ? "mine" : filters.all ? "all" : "organization"}
            options={[
              ...(mayRead ? [["organization", "Organization"] as const] : []),
              ["mine", "Only mine"],
              ...(isOperator ? [["all", "All organizations"] as const] : []),
            ]}
            onChange={(value) => change({ mine: value === "mine" ? "1" : undefined, all: value === "all" ? "1" : undefined, entry: undefined })}
          />
        )}
        <FilterBar filters={filters} onChange={change} />
      </div>
      {failureOf(query) ? (
        <Failed error={query.error} what="The audit log could not be read." retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Lines />
      ) : entries.length === 0 ? (
        <p className="border-t border-line py-16 text-quiet">No entries match. Every change of APIs, plans, subscriptions, keys and members is written here.</p>
      ) : (
        <div className="beside" data-open={open ? true : undefined}>
          <div className="min-w-0">
            <EntryTable entries={entries} open={filters.entry} onOpen={(id) => change({ entry: id === filters.entry ? undefined : id })} />
            {query.hasNextPage && (
              <Button className="mt-16" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Load more
              </Button>
            )}
          </div>
          {open && <EntryDetail key={open.id} entry={open} onFilter={change} onClose={() => change({ entry: undefined })} />}
        </div>
      )}
    </>
  );
}

function EntryTable({ entries, open, onOpen }: { entries: readonly Entry[]; open: string | undefined; onOpen: (id: string) => void }) {
  return (
    <div className="scroll">
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col" className="hidden sm:table-cell">
              Who
            </th>
            <th scope="col" className="figure">
              When
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.id} className="row" data-open={entry.id === open || undefined}>
              <td>
                <button type="button" className="row-link text-14 font-medium text-left" aria-expanded={entry.id === open} onClick={() => onOpen(entry.id)}>
                  {actionText(entry.action)}
                </button>
                <code className="block text-12 text-quiet break-all">{entry.subject}</code>
                <span className="block text-12 text-quiet break-words sm:hidden">
                  {entry.actor}
                  {entry.means !== "session" && `, ${meansText[entry.means] ?? entry.means}`}
                </span>
              </td>
              <td className="break-words hidden sm:table-cell">
                {entry.actor}
                {entry.means !== "session" && <span className="block text-12 text-quiet">{meansText[entry.means] ?? entry.means}</span>}
              </td>
              <td className="figure text-quiet whitespace-nowrap">
                <When at={entry.at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const meansText: Record<string, string> = { api_token: "by API token", anonymous: "not signed in", system: "the program itself" };
