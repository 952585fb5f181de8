import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { failureOf } from "~/api/query";
import { ButtonLink } from "~/design/Button";
import { When } from "~/design/Figures";
import { count, counted } from "~/design/format";
import { Empty, Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { may, useOrganization } from "~/session/organization";
import { apisQuery, type ApiRow } from "./data";
import { ApiStatus } from "./status";

function titleOf(rows: readonly ApiRow[] | undefined): string {
  if (!rows || rows.length === 0) return "My APIs";
  const published = rows.filter((each) => each.status === "published").length;
  const all = counted(rows.length, "API");
  if (published === 0) return `${all}, none published yet`;
  return published === rows.length ? `${all}, ${rows.length === 1 ? "published" : "all published"}` : `${all}, ${published} published`;
}

export function ApisPage() {
  const organization = useOrganization();
  const query = useQuery({ ...apisQuery(organization?.id), enabled: organization !== undefined });
  const mayManage = may(organization, "manage_apis");
  const rows = query.data?.data;
  const title = titleOf(rows);
  usePageTitle(title);
  return (
    <>
      <header className="flex flex-wrap items-center justify-between gap-16 mb-24">
        <h1 className="text-26 font-semibold">{title}</h1>
        {mayManage && rows && rows.length > 0 && <ButtonLink to="/apis/new">Import an API</ButtonLink>}
      </header>
      {failureOf(query) ? (
        <Failed error={query.error} what="Your APIs could not be read." retry={() => void query.refetch()} />
      ) : !rows ? (
        <Lines rows={4} />
      ) : rows.length === 0 ? (
        <Empty
          title={`${organization?.name ?? "You"} has no APIs yet`}
          action={
            mayManage && (
              <ButtonLink to="/apis/new" kind="signal">
                Import an API
              </ButtonLink>
            )
          }
          example="Any OpenAPI document will do: 2.0, 3.0 or 3.1, as JSON or YAML."
        >
          An API that you publish is called through the gateway, with keys, limits and metering, and is listed in the catalog.
        </Empty>
      ) : (
        <>
          <Rows rows={rows} />
          {query.data?.complete === false && <p className="text-quiet mt-16">The newest {count(rows.length)} are shown.</p>}
        </>
      )}
    </>
  );
}

function Rows({ rows }: { rows: readonly ApiRow[] }) {
  return (
    <div className="scroll">
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">API</th>
            <th scope="col">Status</th>
            <th scope="col" className="figure">
              Subscribers
            </th>
            <th scope="col" className="figure">
              Plans
            </th>
            <th scope="col" className="figure hidden sm:table-cell">
              Endpoints
            </th>
            <th scope="col" className="figure hidden sm:table-cell">
              Changed
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((api) => (
            <tr key={api.id} className="row">
              <td>
                <Link to="/apis/$id" params={{ id: api.id }} className="row-link text-14 font-medium">
                  {api.name}
                </Link>
                <code className="block text-12 text-quiet">{api.slug}</code>
              </td>
              <td>
                <ApiStatus status={api.status} />
              </td>
              <td className="figure">{count(api.subscriber_count)}</td>
              <td className="figure">{count(api.plan_count)}</td>
              <td className="figure hidden sm:table-cell">{count(api.endpoint_count)}</td>
              <td className="figure text-quiet hidden sm:table-cell">
                <When at={api.updated_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
