import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { Button } from "~/design/Button";
import { onDate } from "~/design/dates";
import { counted } from "~/design/format";
import { Failed, Lines } from "~/design/States";
import { organizationQuery, organizationsQuery, type AdminFilters } from "./data";

export function OrganizationList({ filters, onChange }: { filters: AdminFilters; onChange: (change: Partial<AdminFilters>) => void }) {
  const query = useInfiniteQuery(organizationsQuery(filters));
  const organizations = query.data?.pages.flatMap((page) => page.data) ?? [];
  if (query.error) return <Failed error={query.error} what="The organizations could not be read." retry={() => void query.refetch()} />;
  if (query.isPending) return <Lines />;
  if (organizations.length === 0) return <p className="border-t border-line py-16 text-quiet">No organization matches.</p>;
  return (
    <div className="beside" data-open={filters.open ? true : undefined}>
      <div className="min-w-0">
        <div className="scroll">
          <table className="sheet">
            <thead>
              <tr>
                <th scope="col">Organization</th>
                <th scope="col" className="figure">
                  Members
                </th>
                <th scope="col" className="figure hidden sm:table-cell">
                  Since
                </th>
              </tr>
            </thead>
            <tbody>
              {organizations.map((each) => (
                <tr key={each.id} className="row" data-open={each.id === filters.open || undefined}>
                  <td>
                    <button type="button" className="row-link text-14 font-medium text-left break-words" aria-expanded={each.id === filters.open} onClick={() => onChange({ open: each.id === filters.open ? undefined : each.id })}>
                      {each.name}
                    </button>
                    <code className="block text-12 text-quiet break-all">{each.slug}</code>
                  </td>
                  <td className="figure">{each.members}</td>
                  <td className="figure text-quiet hidden sm:table-cell whitespace-nowrap">{onDate(each.created_at)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {query.hasNextPage && (
          <Button className="mt-16" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Load more
          </Button>
        )}
      </div>
      {filters.open && <Members key={filters.open} id={filters.open} onChange={onChange} />}
    </div>
  );
}

function Members({ id, onChange }: { id: string; onChange: (change: Partial<AdminFilters>) => void }) {
  const query = useQuery(organizationQuery(id));
  return (
    <aside className="beside-detail" aria-label={query.data?.organization.name ?? "Organization"}>
      <header className="flex items-start justify-between gap-16 mb-12">
        <h2 className="text-16 font-semibold break-words">{query.data?.organization.name ?? "Organization"}</h2>
        <Button kind="quiet" icon aria-label="Close" className="-mt-4 -mr-8" onClick={() => onChange({ open: undefined })}>
          <X aria-hidden className="size-16" />
        </Button>
      </header>
      {query.error ? (
        <Failed error={query.error} what="The organization could not be read." retry={() => void query.refetch()} />
      ) : query.data ? (
        <section className="text-14">
          <h3 className="text-13 font-medium mb-4">{counted(query.data.members.length, "member")}</h3>
          {query.data.members.map((member) => (
            <p key={member.account_id} className="flex justify-between gap-16 py-4 border-t border-line">
              <button type="button" className="link text-left break-all" onClick={() => onChange({ view: undefined, q: undefined, open: member.account_id })}>
                {member.email}
              </button>
              <span className="text-quiet">{member.role}</span>
            </p>
          ))}
        </section>
      ) : (
        <Lines rows={3} />
      )}
    </aside>
  );
}
