import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { useId } from "react";
import { toError } from "~/api/problem";
import { Button, ButtonLink } from "~/design/Button";
import { Price } from "~/design/Figures";
import { Failed } from "~/design/States";
import { useSession, type Membership } from "~/session/data";
import { chooseOrganization, may, useOrganization } from "~/session/organization";
import { subscribe, subscriptionsQuery, type NewSubscription } from "~/subscriptions/data";
import type { Listing } from "./data";
import { PlanChoice } from "./PlanChoice";

/** Plans, and the barrier: one act, which says what it costs and for whom. */
export function SubscribeSection({ listing, onSubscribed }: { listing: Listing; onSubscribed: (subscription: NewSubscription) => void }) {
  const { plan: wanted } = useSearch({ from: "/public/marketplace/$organization/$api" });
  const navigate = useNavigate({ from: "/marketplace/$organization/$api" });
  const here = useRouterState({ select: (state) => state.location.href });
  const session = useSession();
  const organization = useOrganization();
  const chosen = listing.plans.find((plan) => plan.id === wanted) ?? listing.plans[0];
  const subscriptions = useQuery({ ...subscriptionsQuery(organization?.id), enabled: organization !== undefined && !organization.second_factor_missing }).data?.data;
  const taken = subscriptions?.find((each) => each.plan.id === chosen?.id && each.status !== "canceled");
  const mutation = useMutation({ mutationFn: () => subscribe(chosen?.id ?? "", organization?.id), onSuccess: onSubscribed });
  if (!chosen)
    return (
      <section className="border-t border-line pt-24">
        <h2 className="text-20 font-semibold">No plan on sale</h2>
        <p className="text-quiet mt-4">{listing.organization.name} does not sell this API at the moment. Existing subscriptions go on.</p>
      </section>
    );
  return (
    <section aria-labelledby="plans">
      <h2 id="plans" className="sr-only">
        Plans
      </h2>
      <PlanChoice
        plans={listing.plans}
        chosen={chosen.id}
        onChoose={(plan) => {
          mutation.reset();
          void navigate({ search: (before) => ({ ...before, plan }), replace: true, resetScroll: false });
        }}
      />
      <div className="barrier">
        <div className="min-w-0">
          <span className="font-semibold">{chosen.name}</span>, {chosen.price.amount === 0 ? "nothing to pay" : <Price {...chosen.price} />}
          {organization && <ForWhom of={organization} among={session?.organizations ?? []} onChoose={mutation.reset} />}
        </div>
        {taken ? (
          <p className="flex flex-wrap items-center gap-12">
            {organization?.name} is on this plan.
            <ButtonLink to="/subscriptions/$id" params={{ id: taken.id }} size="large">
              Go to the subscription
            </ButtonLink>
          </p>
        ) : organization && !may(organization, "manage_subscriptions") ? (
          <p className="text-quiet">As {organization.role} of {organization.name} you cannot subscribe for it. An owner can, or gives you a role that can.</p>
        ) : session ? (
          <Button kind="signal" size="large" busy={mutation.isPending} onClick={() => mutation.mutate()}>
            Subscribe to {chosen.name}
          </Button>
        ) : (
          <ButtonLink to="/sign-in" search={{ next: here }} kind="signal" size="large">
            Sign in to subscribe
          </ButtonLink>
        )}
      </div>
      {mutation.error && (
        <div className="mt-16">
          {toError(mutation.error).code === "ALREADY_SUBSCRIBED" ? (
            <p role="alert" className="border-l-2 border-ink pl-16">
              {organization?.name ?? "Your organization"} is on this plan already.{" "}
              <Link to="/subscriptions" className="link">
                Make another key on your desk
              </Link>
            </p>
          ) : (
            <Failed error={mutation.error} what="The subscription was not made." />
          )}
        </div>
      )}
    </section>
  );
}

/** Whose subscription it will be: with several organizations a choice, the same as on the desk. */
function ForWhom({ of, among, onChoose }: { of: Membership; among: readonly Membership[]; onChoose: () => void }) {
  const id = useId();
  if (among.length < 2) return <span className="text-quiet">, for {of.name}</span>;
  return (
    <div className="flex flex-wrap items-center gap-8 mt-8 text-quiet">
      <label htmlFor={id}>For</label>
      <select
        id={id}
        className="control w-auto max-w-full"
        data-size="small"
        value={of.id}
        onChange={(event) => {
          onChoose();
          chooseOrganization(event.target.value);
        }}
      >
        {among.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name}
          </option>
        ))}
      </select>
    </div>
  );
}
