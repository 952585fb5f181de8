import { Link, Outlet, useLocation, useRouterState } from "@tanstack/react-router";
import { Boxes, Building2, Gauge, KeyRound, ScrollText, Store, UsersRound } from "lucide-react";
import { useEffect, useRef } from "react";
import { useSession } from "~/session/data";
import { SecondFactorDoor } from "~/organization/SecondFactorDoor";
import { useOrganization } from "~/session/organization";
import { AccountMenu } from "./AccountMenu";
import { Away } from "./Away";
import { OrganizationMenu } from "./OrganizationMenu";
import { PaletteButton } from "./Palette";
import { Suspended } from "./Suspended";
import { Wordmark } from "./Wordmark";

const places = [
  { to: "/subscriptions", label: "Subscriptions", Icon: KeyRound },
  { to: "/apis", label: "My APIs", Icon: Boxes },
  { to: "/meters", label: "Meters", Icon: Gauge },
  { to: "/organization", label: "Organization", Icon: Building2 },
  { to: "/audit-log", label: "Audit log", Icon: ScrollText },
  { to: "/marketplace", label: "Catalog", Icon: Store },
] as const;

/** For those who run this installation. */
const operatorsPlace = { to: "/admin", label: "Admin", Icon: UsersRound } as const;

export function DeskLayout() {
  const isOperator = useSession()?.account.role === "admin";
  const bar = useRef<HTMLElement>(null);
  useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  // Where the places scroll sideways, the one that is open is in sight; with every page that is opened.
  useEffect(() => {
    void bar.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  });
  return (
    <div className="desk">
      <a href="#main" className="skip">
        Skip to the content
      </a>
      <header className="desk-side">
        <div className="flex items-center justify-between gap-8 desk-top">
          <Wordmark />
          <span className="flex items-center lg:hidden">
            <PaletteButton />
            <AccountMenu />
          </span>
        </div>
        <OrganizationMenu />
        <nav ref={bar} aria-label="Places" className="desk-places">
          {(isOperator ? [...places, operatorsPlace] : places).map(({ to, label, Icon }) => (
            <Link key={to} to={to} className="place" activeProps={{ "aria-current": "page" }}>
              <Icon aria-hidden className="size-16" strokeWidth={1.75} />
              {label}
            </Link>
          ))}
        </nav>
        <div className="hidden lg:flex items-center justify-between mt-auto">
          <PaletteButton />
          <AccountMenu />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="desk-main">
        <Away />
        <Suspended />
        <Content />
      </main>
    </div>
  );
}

/** What is an organization's is behind its door; the account's own pages and those of operators are not. */
function Content() {
  const organization = useOrganization();
  const { pathname } = useLocation();
  const ofOrganization = /^\/(subscriptions|apis|meters|organization|audit-log)(\/|$)/.test(pathname);
  return organization?.second_factor_missing && ofOrganization ? <SecondFactorDoor key={organization.id} of={organization} /> : <Outlet />;
}
