import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { failureOf } from "~/api/query";
import { ButtonLink } from "~/design/Button";
import { Day, Price, Zone } from "~/design/Figures";
import { count, counted } from "~/design/format";
import { Empty, Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { useOrganization } from "~/session/organization";
import { subscriptionsQuery, type Subscription } from "./data";
import { SubscriptionStatus, standingOf, type Standing } from "./status";

function titleOf(rows: readonly Standing[] | undefined): string {
  if (!rows || rows.length === 0) return "Subscriptions";
  const active = rows.filter((each) => each === "active").length;
  const all = counted(rows.length, "subscription");
  if (active === rows.length) return rows.length === 1 ? `${all}, active` : rows.length === 2 ? `${all}, both active` : `${all}, all active`;
  return active === 0 ? `${all}, none active` : `${all}, ${active} active`;
}

export function SubscriptionsPage() {
  const organization = useOrganization();
  const query = useQuery({ ...subscriptionsQuery(organization?.id), enabled: organization !== undefined });
  const rows = query.data?.data;
  const title = titleOf(rows?.map(standingOf));
  usePageTitle(title);
  return (
    <>
      <header className="flex flex-wrap items-center justify-between gap-16 mb-24">
        <h1 className="text-26 font-semibold">{title}</h1>
        {rows && rows.length > 0 && <ButtonLink to="/marketplace">Find an API</ButtonLink>}
      </header>
      {failureOf(query) ? (
        <Failed error={query.error} what="Your subscriptions could not be read." retry={() => void query.refetch()} />
      ) : !rows ? (
        <Lines rows={4} />
      ) : rows.length === 0 ? (
        <Empty
          title="You are not subscribed to anything yet"
          action={
            <ButtonLink to="/marketplace" kind="signal">
              Find an API
            </ButtonLink>
          }
          example="Many plans are free. Subscribing takes one click, and the first call a minute."
        >
          Each subscription will be here with its keys, what is left of its allowances, and what it will cost.
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

function Rows({ rows }: { rows: readonly Subscription[] }) {
  return (
    <div className="scroll">
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">API</th>
            <th scope="col">Plan</th>
            <th scope="col">Status</th>
            <th scope="col" className="hidden sm:table-cell">
              Period
            </th>
            <th scope="col" className="figure">
              Price
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((each) => (
            <tr key={each.id} className="row">
              <td>
                <Link to="/subscriptions/$id" params={{ id: each.id }} className="row-link text-14 font-medium">
                  {each.product.name ?? each.plan.name}
                </Link>
              </td>
              <td>{each.plan.name}</td>
              <td>
                <SubscriptionStatus standing={standingOf(each)} />
              </td>
              <td className="text-quiet whitespace-nowrap hidden sm:table-cell">
                {each.canceled_at ? "ended" : "to"} <Day at={each.canceled_at ?? each.period_end} zone={each.time_zone} />
                <span className="block text-12"><Zone of={each.time_zone} /></span>
              </td>
              <td className="figure">
                <Price {...each.plan.price} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
