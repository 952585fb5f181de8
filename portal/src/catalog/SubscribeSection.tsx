import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { toError } from "~/api/problem";
import { Button, ButtonLink } from "~/design/Button";
import { Price } from "~/design/Figures";
import { Failed } from "~/design/States";
import { useSession } from "~/session/data";
import { useOrganization } from "~/session/organization";
import { subscribe, type NewSubscription } from "~/subscriptions/data";
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
        onChoose={(plan) => void navigate({ search: (before) => ({ ...before, plan }), replace: true, resetScroll: false })}
      />
      <div className="barrier">
        <p>
          <span className="font-semibold">{chosen.name}</span>, {chosen.price.amount === 0 ? "nothing to pay" : <Price {...chosen.price} />}
          {organization && <span className="text-quiet">, for {organization.name}</span>}
        </p>
        {session ? (
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
