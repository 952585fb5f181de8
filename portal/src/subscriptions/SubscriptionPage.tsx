import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { toError } from "~/api/problem";
import { failureOf } from "~/api/query";
import { Period, Price, When } from "~/design/Figures";
import { Notice } from "~/design/Notice";
import { count } from "~/design/format";
import { Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { TryCall } from "~/catalog/TryCall";
import type { CallFilters } from "~/router";
import { CallsSection } from "~/usage/CallsSection";
import { useMay } from "~/session/organization";
import { UsageSection } from "~/usage/UsageSection";
import { Allowances } from "./Allowances";
import { CancelSubscription } from "./CancelSubscription";
import { subscriptionQuery, type Subscription } from "./data";
import { KeysSection } from "./KeysSection";
import { standingOf, SubscriptionStatus, wordOf, type Standing } from "./status";
import { UpcomingInvoice } from "./UpcomingInvoice";
import { useListing } from "./useListing";

const at = "/desk/subscriptions/$id";

function titleOf(subscription: Subscription, standing: Standing): string {
  const name = subscription.product.name ?? subscription.plan.name;
  if (standing !== "active") return `${name}: ${wordOf(standing).toLowerCase()}`;
  const limits = subscription.usage ?? [];
  const out = limits.find((each) => each.remaining <= 0 && each.past === "deny");
  if (out) return `${name}: nothing left until the ${out.window.replace("_", " ")} ends`;
  const long = limits.filter((each) => ["month", "billing_period", "week", "day"].includes(each.window)).toSorted((a, b) => a.remaining / a.limit - b.remaining / b.limit)[0];
  if (!long) return `${name}: active`;
  if (long.remaining <= 0) return `${name}: ${count(long.used - long.limit)} past the allowance`;
  return `${name}: ${count(long.remaining)} of ${count(long.limit)} left`;
}

export function SubscriptionPage() {
  const { id } = useParams({ from: at });
  const query = useQuery(subscriptionQuery(id));
  const title = query.data ? titleOf(query.data, standingOf(query.data)) : undefined;
  usePageTitle(title);
  if (failureOf(query))
    return (
      <Failed
        error={query.error}
        what={toError(query.error).status === 404 ? "You have no such subscription." : "The subscription could not be read."}
        retry={() => void query.refetch()}
      />
    );
  if (!query.data || !title) return <Lines rows={6} tall />;
  return <Body subscription={query.data} title={title} />;
}

function Body({ subscription, title }: { subscription: Subscription; title: string }) {
  const filters = useSearch({ from: at });
  const navigate = useNavigate({ from: "/subscriptions/$id" });
  const change = (part: Partial<CallFilters>) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false });
  const show = (which: CallFilters["show"]) => {
    change({ show: which, call: undefined });
    document.getElementById("calls")?.scrollIntoView();
  };
  const listing = useListing(subscription.product);
  const { product, plan } = subscription;
  const live = subscription.status !== "canceled";
  const mayManage = useMay(subscription.organization_id, "manage_subscriptions");
  const mayReadCalls = useMay(subscription.organization_id, "read_request_log");
  return (
    <>
      <header className="mb-32">
        <p className="text-13 text-quiet">
          <Link to="/subscriptions" className="link">
            Subscriptions
          </Link>
        </p>
        <h1 className="text-26 font-semibold mt-4">{title}</h1>
        <p className="flex flex-wrap items-center gap-x-16 gap-y-4 mt-8 text-quiet">
          <SubscriptionStatus standing={standingOf(subscription)} />
          <span>
            {plan.name}, {plan.price.amount === 0 ? "nothing to pay" : <Price {...plan.price} />}
          </span>
          <Period from={subscription.period_start} to={subscription.period_end} zone={subscription.time_zone} />
          {subscription.canceled_at && (
            <span>
              canceled <When at={subscription.canceled_at} zone={subscription.time_zone} />
            </span>
          )}
          {listing && (
            <Link to="/marketplace/$organization/$api" params={{ organization: listing.organization.slug, api: listing.slug }} className="link text-ink">
              About this API
            </Link>
          )}
        </p>
      </header>
      {product.suspended && live && (
        <Notice title="This API is not served">Those who run this installation have suspended its provider. Calls are answered with 404 and not counted. You can cancel, or wait until it is lifted.</Notice>
      )}
      <div className="pair">
        <Allowances limits={subscription.usage ?? []} price={plan.price} allowances={plan.allowances} zone={subscription.time_zone} />
        <UpcomingInvoice subscriptionId={subscription.id} zone={subscription.time_zone} />
      </div>
      <div className="stack mt-40">
        <UsageSection
          subject={{ subscription: subscription.id }}
          interval={filters.by ?? "day"}
          onInterval={(by) => change({ by: by === "hour" ? by : undefined })}
          meter={filters.of}
          onMeter={(of) => change({ of })}
          onShow={show}
        />
        <KeysSection subscription={subscription} listing={listing} may={mayManage} />
        <CallsSection
          may={mayReadCalls}
          subject={{ subscription: subscription.id }}
          filters={filters}
          onFilter={change}
          empty={
            live ? (
              <>
                <p className="mb-12">Every call with a key of this subscription will be listed here within two seconds.</p>
                {listing && <TryCall listing={listing} apiKey="$TOLLGATE_KEY" name="A call to copy" />}
              </>
            ) : (
              "No call was made with its keys."
            )
          }
        />
        {live && mayManage && <CancelSubscription id={subscription.id} name={product.name ?? plan.name} plan={plan.name} />}
      </div>
    </>
  );
}
