import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useSession } from "~/session/data";
import { placeOf } from "~/session/next";
import { PaletteProvider } from "./Palette";

/** A session that ends while a desk page is open leads to the door, and back afterwards. */
function useDoor(): void {
  const session = useSession();
  const wasSignedIn = useRef(false);
  const navigate = useNavigate();
  const place = useRouterState({ select: (state) => placeOf(state.location) });
  useEffect(() => {
    if (session) wasSignedIn.current = true;
    const onDesk = /^\/(subscriptions|apis|meters|organization|account|devices|tokens|audit-log|admin)(\/|\?|$)/.test(place);
    if (session === null && wasSignedIn.current && onDesk) {
      wasSignedIn.current = false;
      void navigate({ to: "/sign-in", search: { next: place } });
    }
  }, [session, place, navigate]);
}

export function Root() {
  useDoor();
  return (
    <PaletteProvider>
      <Outlet />
    </PaletteProvider>
  );
}
