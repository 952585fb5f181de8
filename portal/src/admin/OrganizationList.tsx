import { useInfiniteQuery } from "@tanstack/react-query";
import { failureOf } from "~/api/query";
import { Button } from "~/design/Button";
import { Day } from "~/design/Figures";
import { Failed, Lines } from "~/design/States";
import { knownSlug, organizationsQuery, organizationState } from "./data";
import type { AdminFilters } from "./filters";
import { OrganizationDetail } from "./OrganizationDetail";

export function OrganizationList({ filters, onChange }: { filters: AdminFilters; onChange: (change: Partial<AdminFilters>) => void }) {
  const query = useInfiniteQuery(organizationsQuery(filters));
  const organizations = query.data?.pages.flatMap((page) => page.data) ?? [];
  if (failureOf(query)) return <Failed error={query.error} what="The organizations could not be read." retry={() => void query.refetch()} />;
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
                <th scope="col">Status</th>
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
                    <code className="block text-12 text-quiet break-all">{knownSlug(each)}</code>
                  </td>
                  <td className={stateTone[organizationState(each)]}>{organizationState(each)}</td>
                  <td className="figure">{each.members}</td>
                  <td className="figure text-quiet hidden sm:table-cell whitespace-nowrap"><Day at={each.created_at} /></td>
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
      {filters.open && <OrganizationDetail key={filters.open} id={filters.open} onChange={onChange} />}
    </div>
  );
}

const stateTone: Partial<Record<ReturnType<typeof organizationState>, string>> = { suspended: "text-bad", removed: "text-quiet" };
