import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { toError } from "~/api/problem";
import { failureOf } from "~/api/query";
import { ButtonLink } from "~/design/Button";
import { onDate } from "~/design/dates";
import { count, counted, milliseconds, percent } from "~/design/format";
import { Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { NothingHere } from "~/shell/NotFound";
import type { NewSubscription } from "~/subscriptions/data";
import { KeyTicket } from "~/subscriptions/KeyTicket";
import { categoriesQuery, listingQuery, type Listing } from "./data";
import { EndpointList } from "./EndpointList";
import { SubscribeSection } from "./SubscribeSection";
import { TryCall } from "./TryCall";

export function ListingPage() {
  const { organization, api } = useParams({ from: "/public/marketplace/$organization/$api" });
  const query = useQuery(listingQuery(organization, api));
  usePageTitle(query.data?.name);
  useAddressOfToday(organization, api, query.data?.organization.slug);
  if (failureOf(query)) {
    if (toError(query.error).status === 404) return <NothingHere />;
    return (
      <div className="pt-40">
        <Failed error={query.error} what="This API could not be read." retry={() => void query.refetch()} />
      </div>
    );
  }
  if (!query.data)
    return (
      <div className="pt-40">
        <Lines rows={6} tall />
      </div>
    );
  return <ListingBody listing={query.data} />;
}

/** An organization that took another slug is found by the old one; the address in the bar follows. */
function useAddressOfToday(organization: string, api: string, slug: string | undefined): void {
  const navigate = useNavigate();
  useEffect(() => {
    if (slug && slug !== organization) void navigate({ to: "/marketplace/$organization/$api", params: { organization: slug, api }, search: (before) => before, replace: true });
  }, [navigate, organization, api, slug]);
}

function ListingBody({ listing }: { listing: Listing }) {
  const categories = useQuery(categoriesQuery).data;
  const [subscription, setSubscription] = useState<NewSubscription | null>(null);
  return (
    <article>
      <header className="pt-40 pb-24">
        <p className="text-13 text-quiet">
          {listing.organization.name}
          {listing.category && (
            <>
              {" · "}
              <Link to="/marketplace" search={{ category: listing.category }} className="link">
                {categories?.data.find((each) => each.slug === listing.category)?.name ?? listing.category}
              </Link>
            </>
          )}
        </p>
        <h1 className="font-serif text-34 mt-4">{listing.name}</h1>
        <p className="text-16 text-quiet mt-8 max-w-prose">{listing.summary}</p>
        <Facts listing={listing} />
      </header>
      {subscription ? (
        <KeyTicket
          issued={{
            ...subscription.key,
            subscriptionId: subscription.id,
            planName: subscription.plan.name,
            apiName: listing.name,
            listing,
            next: (
              <ButtonLink to="/subscriptions/$id" params={{ id: subscription.id }}>
                Go to the subscription
              </ButtonLink>
            ),
          }}
        />
      ) : (
        <SubscribeSection listing={listing} onSubscribed={setSubscription} />
      )}
      {!subscription && (
        <Section title="Call it">
          <TryCall listing={listing} apiKey="$TOLLGATE_KEY" name="A call to copy" />
          <p className="text-13 text-quiet mt-8">
            With your key in <code>TOLLGATE_KEY</code>. The answer carries what is left of your allowances in the <code>RateLimit</code> field.
          </p>
        </Section>
      )}
      {listing.description && listing.description !== listing.summary && (
        <Section title="About">
          {listing.description.split(/\n{2,}/).map((paragraph) => (
            <p key={paragraph} className="max-w-prose text-16 mt-8 break-words whitespace-pre-line">
              {paragraph}
            </p>
          ))}
        </Section>
      )}
      <Section title={counted(listing.endpoints.length, "endpoint")}>
        <EndpointList endpoints={listing.endpoints} />
      </Section>
    </article>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="pt-40">
      <h2 className="text-20 font-semibold mb-12">{title}</h2>
      {children}
    </section>
  );
}

/** Numbers from real traffic, in one line. */
function Facts({ listing }: { listing: Listing }) {
  const measured: [string, string][] = [
    ["Median latency", milliseconds(listing.latency_ms_p50)],
    ["Success", percent(listing.success_rate)],
  ];
  const facts: [string, string][] = [
    ...(listing.requests_30d > 0 ? measured : []),
    ["Calls in 30 days", listing.requests_30d > 0 ? count(listing.requests_30d) : "none yet"],
    ["Subscribers", count(listing.subscriber_count)],
    ["Version", `${count(listing.version)}, ${onDate(listing.published_at)}`],
  ];
  return (
    <dl className="facts mt-20">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
