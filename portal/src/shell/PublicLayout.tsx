import { Outlet, useRouterState } from "@tanstack/react-router";
import { ButtonLink } from "~/design/Button";
import { useSession } from "~/session/data";
import { placeOf } from "~/session/next";
import { AccountMenu } from "./AccountMenu";
import { Away } from "./Away";
import { PaletteButton } from "./Palette";
import { Wordmark } from "./Wordmark";

export function PublicLayout() {
  const session = useSession();
  const here = useRouterState({ select: (state) => state.location });
  // These lead to the sign-in page by themselves.
  const atDoor = /^\/(sign-|invitation|verify-email|forgot-password|reset-password)/.test(here.pathname);
  return (
    <>
      <a href="#main" className="skip">
        Skip to the content
      </a>
      <header className="border-b border-line">
        <div className="mx-auto max-w-page px-16 h-64 flex items-center gap-8">
          <Wordmark />
          <nav aria-label="Places" className="ml-auto flex items-center gap-4">
            <PaletteButton />
            {session && (
              <ButtonLink to="/subscriptions" kind="quiet">
                Desk
              </ButtonLink>
            )}
            {session === null && !atDoor && (
              <ButtonLink to="/sign-in" search={{ next: here.pathname === "/marketplace" ? undefined : placeOf(here) }}>
                Sign in
              </ButtonLink>
            )}
            <AccountMenu />
          </nav>
        </div>
      </header>
      <main id="main" tabIndex={-1} className="mx-auto max-w-page px-16 pb-64 outline-none">
        <Away className="pt-24" />
        <Outlet />
      </main>
    </>
  );
}
