import { useRouter } from "@tanstack/react-router";
import { ApiError, isUnanswered } from "~/api/problem";
import { ButtonLink } from "~/design/Button";
import { Failed } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { Wordmark } from "./Wordmark";

export function NotFound() {
  return (
    <main className="mx-auto max-w-prose px-16 py-64">
      <Wordmark />
      <NothingHere />
    </main>
  );
}

/** The same within a frame. */
export function NothingHere() {
  usePageTitle("Page not found");
  return (
    <section className="grid gap-16 justify-items-start pt-40 max-w-prose">
      <h1 className="text-26 font-semibold">There is no page at this address</h1>
      <p className="text-quiet">The link may be old, or the API may have been taken out of the catalog. A subscription to it would still be on your desk.</p>
      <div className="flex flex-wrap gap-8">
        <ButtonLink to="/marketplace">Open the catalog</ButtonLink>
        <ButtonLink to="/subscriptions">My subscriptions</ButtonLink>
      </div>
    </section>
  );
}

/** A fault of the portal itself, or a part of it that did not arrive. */
export function Broken({ error }: { error: unknown }) {
  usePageTitle("Something broke");
  const router = useRouter();
  // Who is signed in could not be asked; to load the window anew while nothing answers would lose the portal too.
  const away = error instanceof ApiError && isUnanswered(error);
  return (
    <main className="mx-auto max-w-prose px-16 py-64 grid gap-24">
      <Wordmark />
      <h1 className="sr-only">Something broke</h1>
      <Failed error={error} what="This page could not be shown." retry={() => (away ? void router.invalidate() : location.reload())} />
      <p>
        <a href="/marketplace" className="link">
          Open the catalog
        </a>
      </p>
    </main>
  );
}
