import { useInfiniteQuery } from "@tanstack/react-query";
import { failureOf } from "~/api/query";
import { Button } from "~/design/Button";
import { When } from "~/design/Figures";
import { Failed, Lines } from "~/design/States";
import { AccountDetail } from "./AccountDetail";
import { accountsQuery, accountState } from "./data";
import type { AdminFilters } from "./filters";

export function AccountList({ filters, onChange }: { filters: AdminFilters; onChange: (change: Partial<AdminFilters>) => void }) {
  const query = useInfiniteQuery(accountsQuery(filters));
  const accounts = query.data?.pages.flatMap((page) => page.data) ?? [];
  if (failureOf(query)) return <Failed error={query.error} what="The accounts could not be read." retry={() => void query.refetch()} />;
  if (query.isPending) return <Lines />;
  if (accounts.length === 0) return <p className="border-t border-line py-16 text-quiet">No account matches.</p>;
  return (
    <div className="beside" data-open={filters.open ? true : undefined}>
      <div className="min-w-0">
        <div className="scroll">
          <table className="sheet">
            <thead>
              <tr>
                <th scope="col">Account</th>
                <th scope="col">Status</th>
                <th scope="col" className="figure hidden sm:table-cell">
                  Sessions
                </th>
                <th scope="col" className="figure hidden sm:table-cell">
                  Last seen
                </th>
              </tr>
            </thead>
            <tbody>
              {accounts.map((account) => (
                <tr key={account.id} className="row" data-open={account.id === filters.open || undefined}>
                  <td>
                    <button type="button" className="row-link text-14 font-medium text-left break-all" aria-expanded={account.id === filters.open} onClick={() => onChange({ open: account.id === filters.open ? undefined : account.id })}>
                      {account.email}
                    </button>
                    <span className="block text-12 text-quiet break-words">{account.name}</span>
                  </td>
                  <td className={stateTone[accountState(account)]}>{accountState(account)}</td>
                  <td className="figure hidden sm:table-cell">{account.live_sessions}</td>
                  <td className="figure text-quiet hidden sm:table-cell whitespace-nowrap">{account.last_seen_at ? <When at={account.last_seen_at} /> : "never"}</td>
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
      {filters.open && <AccountDetail key={filters.open} id={filters.open} onClose={() => onChange({ open: undefined })} />}
    </div>
  );
}

const stateTone: Partial<Record<ReturnType<typeof accountState>, string>> = { disabled: "text-bad", deleted: "text-quiet" };
