import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useSession } from "~/session/data";
import { PaletteProvider } from "./Palette";

/** A session that ends while a desk page is open leads to the door, and back afterwards. */
function useDoor(): void {
  const session = useSession();
  const wasSignedIn = useRef(false);
  const navigate = useNavigate();
  const href = useRouterState({ select: (state) => state.location.href });
  useEffect(() => {
    if (session) wasSignedIn.current = true;
    const onDesk = /^\/(subscriptions|apis)(\/|\?|$)/.test(href);
    if (session === null && wasSignedIn.current && onDesk) {
      wasSignedIn.current = false;
      void navigate({ to: "/sign-in", search: { next: href } });
    }
  }, [session, href, navigate]);
}

export function Root() {
  useDoor();
  return (
    <PaletteProvider>
      <Outlet />
    </PaletteProvider>
  );
}
