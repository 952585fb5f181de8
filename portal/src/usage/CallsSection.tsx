import { useInfiniteQuery } from "@tanstack/react-query";
import { failureOf } from "~/api/query";
import type { CallFilters } from "~/router";
import { Button } from "~/design/Button";
import { When } from "~/design/Figures";
import { milliseconds } from "~/design/format";
import { Segments } from "~/design/Segments";
import { Failed, Lines } from "~/design/States";
import { CallDetail } from "./CallDetail";
import { callsQuery, type Call, type Shown, type Subject } from "./data";
import { StatusChip } from "./StatusChip";

interface CallsSectionProps {
  subject: Subject;
  /** See single calls: not everybody who sees the sums may. */
  may: boolean;
  filters: CallFilters;
  onFilter: (change: Partial<CallFilters>) => void;
  /** What to do for the first call, when there is none. */
  empty: React.ReactNode;
}

/** The request log, newest first; a call opens beside the list. */
export function CallsSection({ may, ...props }: CallsSectionProps) {
  if (may) return <Calls {...props} />;
  return (
    <section aria-labelledby="calls">
      <h2 id="calls" className="text-20 font-semibold mb-8">
        Calls
      </h2>
      <p className="border-t border-line py-16 text-quiet">Your role here does not show single calls. The sums above are for everybody.</p>
    </section>
  );
}

function Calls({ subject, filters, onFilter, empty }: Omit<CallsSectionProps, "may">) {
  const query = useInfiniteQuery(callsQuery(subject, filters.show));
  const calls = query.data?.pages.flatMap((page) => page.data) ?? [];
  const open = calls.find((each) => each.id === filters.call);
  return (
    <section aria-labelledby="calls">
      <header className="flex flex-wrap items-center justify-between gap-x-16 gap-y-8 mb-8">
        <h2 id="calls" className="text-20 font-semibold">
          Calls
        </h2>
        <div className="flex items-center gap-8">
          <Segments<Shown | "all">
            label="Which calls"
            value={filters.show ?? "all"}
            options={[
              ["all", "All"],
              ["served", "Served"],
              ["refused", "Refused"],
              ["errors", "Server errors"],
            ]}
            onChange={(show) => onFilter({ show: show === "all" ? undefined : show, call: undefined })}
          />
          <Button kind="quiet" busy={query.isFetching} onClick={() => void query.refetch()}>
            Refresh
          </Button>
        </div>
      </header>
      {failureOf(query) ? (
        <Failed error={query.error} what="The request log could not be read." retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Lines />
      ) : calls.length === 0 ? (
        <div className="border-t border-line py-16 text-quiet">{filters.show ? "No such calls." : empty}</div>
      ) : (
        <div className="beside" data-open={open ? true : undefined}>
          <div className="min-w-0">
            <CallTable calls={calls} open={filters.call} onOpen={(call) => onFilter({ call: call === filters.call ? undefined : call })} />
            {query.hasNextPage && (
              <Button className="mt-16" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Load more
              </Button>
            )}
          </div>
          {open && <CallDetail call={open} onClose={() => onFilter({ call: undefined })} />}
        </div>
      )}
    </section>
  );
}

function CallTable({ calls, open, onOpen }: { calls: readonly Call[]; open: string | undefined; onOpen: (id: string) => void }) {
  return (
    <table className="sheet calls">
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Call</th>
          <th scope="col" className="figure">
            Took
          </th>
          <th scope="col" className="figure">
            When
          </th>
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <tr key={call.id} data-open={call.id === open || undefined}>
            <td>
              <StatusChip status={call.status} />
            </td>
            <td className="calls-path">
              <button type="button" aria-expanded={call.id === open} className="calls-open" onClick={() => onOpen(call.id)}>
                <code>{`${call.method} ${call.path}`}</code>
              </button>
            </td>
            <td className="figure">{milliseconds(call.duration_ms)}</td>
            <td className="figure text-quiet">
              <When at={call.at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
