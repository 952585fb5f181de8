import { Link } from "@tanstack/react-router";
import { curl, easiest } from "~/catalog/calls";
import { Runnable } from "~/design/Copy";
import type { Api, Plan } from "./data";
import { FindingsTable } from "./FindingsTable";
import { WayToCatalog } from "./WayToCatalog";

export function Overview({ api, plans, may }: { api: Api; plans: readonly Plan[]; may: boolean }) {
  const published = api.status === "published";
  return (
    <div className="stack">
      {published ? (
        <section aria-labelledby="live">
          <h2 id="live" className="text-20 font-semibold mb-12">
            It answers here
          </h2>
          <Runnable command={curl(api.gateway_url, easiest(api.endpoints), "$TOLLGATE_KEY")} name="A call to copy" />
          <p className="text-13 text-quiet mt-8">
            With a key of any subscription.{" "}
            <Link to="/marketplace/$organization/$api" params={{ organization: api.organization.slug, api: api.slug }} className="link text-ink">
              See it in the catalog
            </Link>
          </p>
        </section>
      ) : (
        <WayToCatalog api={api} plans={plans} may={may} />
      )}
      <FindingsTable findings={api.findings} />
    </div>
  );
}
