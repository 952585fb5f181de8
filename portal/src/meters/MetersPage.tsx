import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { meterName } from "~/catalog/plans";
import { Button } from "~/design/Button";
import { Day } from "~/design/Figures";
import { count, counted } from "~/design/format";
import { Empty, Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { may, useOrganization } from "~/session/organization";
import { metersQuery, mostMeters, type Meter } from "./data";
import { DeclareMeter } from "./DeclareMeter";
import { MeterDetail } from "./MeterDetail";

function titleOf(rows: readonly Meter[] | undefined): string {
  if (!rows || rows.length === 0) return "Meters";
  const reported = rows.filter((each) => each.last_reported_hour !== null).length;
  const all = counted(rows.length, "meter");
  if (reported === 0) return `${all}, nothing reported in 30 days`;
  return `${all}, ${reported === rows.length ? (rows.length === 1 ? "reported" : "all reported") : `${reported} reported`} in the last 30 days`;
}

export function MetersPage() {
  const organization = useOrganization();
  const query = useQuery({ ...metersQuery(organization?.id), enabled: organization !== undefined });
  const { meter } = useSearch({ from: "/desk/meters" });
  const navigate = useNavigate({ from: "/meters" });
  const [declaring, setDeclaring] = useState(false);
  const open = (id: string | undefined) => void navigate({ search: { meter: id }, replace: true, resetScroll: false });
  // Those in use first; the server's order otherwise, newest first.
  const rows = query.data?.toSorted((a, b) => Number(a.archived_at !== null) - Number(b.archived_at !== null));
  const title = titleOf(rows);
  usePageTitle(title);
  const mayManage = may(organization, "manage_apis");
  const declare = mayManage && (
    <Button kind="signal" onClick={() => setDeclaring(true)}>
      Declare a meter
    </Button>
  );
  return (
    <>
      <header className="flex flex-wrap items-center justify-between gap-16 mb-24">
        <h1 className="text-26 font-semibold">{title}</h1>
        {rows && rows.length > 0 && declare}
      </header>
      {query.error && !rows ? (
        <Failed error={query.error} what="The meters could not be read." retry={() => void query.refetch()} />
      ) : !rows ? (
        <Lines rows={4} />
      ) : rows.length === 0 ? (
        <Empty
          title={`${organization?.name ?? "You"} has no meters of its own yet`}
          action={declare}
          example="For example: pages rendered, minutes transcoded, rows kept over night. Report them from your server, and $0.02 a page is on the invoice."
        >
          Calls are counted for you. A meter is for what a call does not show: you report it, plans include, limit and charge it.
        </Empty>
      ) : (
        <Body rows={rows} mayManage={mayManage} open={rows.find((each) => each.id === meter)} onOpen={open} />
      )}
      {declaring && organization && (
        <DeclareMeter
          organization={organization}
          onClose={() => setDeclaring(false)}
          onDone={(made) => {
            setDeclaring(false);
            open(made.id);
          }}
        />
      )}
    </>
  );
}

function Body({ rows, mayManage, open, onOpen }: { rows: readonly Meter[]; mayManage: boolean; open: Meter | undefined; onOpen: (id: string | undefined) => void }) {
  return (
    <div className="beside" data-open={open ? true : undefined}>
      <div className="min-w-0">
        <div className="scroll">
          <MeterTable rows={rows} open={open?.id} onOpen={(id) => onOpen(id === open?.id ? undefined : id)} />
        </div>
        <p className="text-12 text-quiet mt-16">
          {rows.length} of {mostMeters} declared. That is all an organization ever can, archived ones included: a name and its code are never given to another meter.
        </p>
      </div>
      {open && <MeterDetail key={open.id} meter={open} may={mayManage} onClose={() => onOpen(undefined)} />}
    </div>
  );
}

function MeterTable({ rows, open, onOpen }: { rows: readonly Meter[]; open: string | undefined; onOpen: (id: string) => void }) {
  return (
    <table className="sheet">
      <thead>
        <tr>
          <th scope="col">Meter</th>
          <th scope="col">Unit</th>
          <th scope="col" className="figure">
            30 days
          </th>
          <th scope="col" className="figure hidden sm:table-cell">
            Last used
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((meter) => (
          <tr key={meter.id} className="row" data-open={meter.id === open || undefined}>
            <td>
              <button type="button" className="row-link text-14 font-medium text-left" aria-expanded={meter.id === open} onClick={() => onOpen(meter.id)}>
                {meterName(meter.name)}
              </button>
              {meter.archived_at && <span className="text-12 text-quiet"> archived</span>}
              <code className="block text-12 text-quiet break-all">{meter.name}</code>
            </td>
            <td>{meter.unit}</td>
            <td className="figure">{count(meter.last30_days)}</td>
            <td className="figure text-quiet hidden sm:table-cell">{meter.last_reported_hour ? <Day at={meter.last_reported_hour} /> : "–"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
