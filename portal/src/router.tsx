import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { statusIn, type AdminFilters } from "./admin/filters";
import { queryClient } from "./api/query";
import type { AuditFilters } from "./audit/data";
import { sorts, type Filters, type Sort } from "./catalog/data";
import { sessionQuery } from "./session/data";
import { placeOf } from "./session/next";
import { DeskLayout } from "./shell/DeskLayout";
import { lazyPage } from "./shell/lazyPage";
import { Broken, NotFound } from "./shell/NotFound";
import { PublicLayout } from "./shell/PublicLayout";
import { Root } from "./shell/Root";

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const oneOf = <T extends string>(values: readonly T[], value: unknown): T | undefined => values.find((each) => each === value);

const root = createRootRoute({ component: Root, notFoundComponent: NotFound, errorComponent: Broken });

const visitors = createRoute({
  getParentRoute: () => root,
  id: "public",
  component: PublicLayout,
  validateSearch: (search): { next?: string; problem?: string } => ({ next: text(search.next), problem: text(search.problem) }),
});
const home = createRoute({ getParentRoute: () => root, path: "/", beforeLoad: () => redirect({ to: "/marketplace", throw: true }) });
const discover = createRoute({ getParentRoute: () => root, path: "/marketplace/discover", beforeLoad: () => redirect({ to: "/marketplace", throw: true }) });
const publish = createRoute({ getParentRoute: () => root, path: "/marketplace/publish", beforeLoad: () => redirect({ to: "/apis/new", throw: true }) });
const catalog = createRoute({
  getParentRoute: () => visitors,
  path: "/marketplace",
  validateSearch: (search): Filters => ({
    q: text(search.q),
    category: text(search.category),
    sort: oneOf(Object.keys(sorts) as Sort[], search.sort),
  }),
  component: lazyPage(() => import("./catalog/CatalogPage"), "CatalogPage"),
});
const listing = createRoute({
  getParentRoute: () => visitors,
  path: "/marketplace/$organization/$api",
  validateSearch: (search): { plan?: string } => ({ plan: text(search.plan) }),
  component: lazyPage(() => import("./catalog/ListingPage"), "ListingPage"),
});
const signIn = createRoute({ getParentRoute: () => visitors, path: "/sign-in", component: lazyPage(() => import("./session/SessionPage"), "SignInPage") });
const signUp = createRoute({ getParentRoute: () => visitors, path: "/sign-up", component: lazyPage(() => import("./session/SessionPage"), "SignUpPage") });
const signInLink = createRoute({ getParentRoute: () => visitors, path: "/sign-in/link", component: lazyPage(() => import("./session/LinkPages"), "SignInLinkPage") });
const verifyEmail = createRoute({ getParentRoute: () => visitors, path: "/verify-email", component: lazyPage(() => import("./session/LinkPages"), "VerifyEmailPage") });
const forgotPassword = createRoute({ getParentRoute: () => visitors, path: "/forgot-password", component: lazyPage(() => import("./session/PasswordPages"), "ForgotPasswordPage") });
const resetPassword = createRoute({ getParentRoute: () => visitors, path: "/reset-password", component: lazyPage(() => import("./session/PasswordPages"), "ResetPasswordPage") });

const desk = createRoute({
  getParentRoute: () => root,
  id: "desk",
  component: DeskLayout,
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery);
    if (session === null) throw redirect({ to: "/sign-in", search: { next: placeOf(location) } });
  },
});
const subscriptions = createRoute({
  getParentRoute: () => desk,
  path: "/subscriptions",
  component: lazyPage(() => import("./subscriptions/SubscriptionsPage"), "SubscriptionsPage"),
});

export interface CallFilters {
  by?: "hour";
  /** The meter whose amounts are drawn; calls without it. */
  of?: string;
  show?: "served" | "refused" | "errors";
  call?: string;
}

const callFilters = (search: Record<string, unknown>): CallFilters => ({
  by: oneOf(["hour"], search.by),
  of: text(search.of),
  show: oneOf(["served", "refused", "errors"], search.show),
  call: text(search.call),
});
const subscription = createRoute({
  getParentRoute: () => desk,
  path: "/subscriptions/$id",
  validateSearch: callFilters,
  component: lazyPage(() => import("./subscriptions/SubscriptionPage"), "SubscriptionPage"),
});
const meters = createRoute({
  getParentRoute: () => desk,
  path: "/meters",
  validateSearch: (search): { meter?: string } => ({ meter: text(search.meter) }),
  component: lazyPage(() => import("./meters/MetersPage"), "MetersPage"),
});
const account = createRoute({
  getParentRoute: () => desk,
  path: "/account",
  validateSearch: (search): { problem?: string; next?: string } => ({ problem: text(search.problem), next: text(search.next) }),
  component: lazyPage(() => import("./account/AccountPage"), "AccountPage"),
});
const organization = createRoute({
  getParentRoute: () => desk,
  path: "/organization",
  component: lazyPage(() => import("./organization/OrganizationPage"), "OrganizationPage"),
});
// Not on the desk: the link's secret would go into the address of the way to sign in.
const invitation = createRoute({
  getParentRoute: () => visitors,
  path: "/invitation",
  component: lazyPage(() => import("./organization/InvitationPage"), "InvitationPage"),
});
const devices = createRoute({ getParentRoute: () => desk, path: "/devices", component: lazyPage(() => import("./devices/DevicesPage"), "DevicesPage") });
const tokens = createRoute({ getParentRoute: () => desk, path: "/tokens", component: lazyPage(() => import("./tokens/TokensPage"), "TokensPage") });
const apis = createRoute({ getParentRoute: () => desk, path: "/apis", component: lazyPage(() => import("./apis/ApisPage"), "ApisPage") });
const newApi = createRoute({ getParentRoute: () => desk, path: "/apis/new", component: lazyPage(() => import("./apis/ImportPage"), "ImportPage") });

export const apiViews = ["overview", "plans", "endpoints", "usage", "settings"] as const;
export type ApiView = (typeof apiViews)[number];

const api = createRoute({
  getParentRoute: () => desk,
  path: "/apis/$id",
  validateSearch: (search): CallFilters & { view?: ApiView } => ({ view: oneOf(apiViews, search.view), ...callFilters(search) }),
  component: lazyPage(() => import("./apis/ApiPage"), "ApiPage"),
});

const auditLog = createRoute({
  getParentRoute: () => desk,
  path: "/audit-log",
  validateSearch: (search): AuditFilters => ({
    mine: oneOf(["1"], search.mine),
    all: oneOf(["1"], search.all),
    action: text(search.action),
    subject: text(search.subject),
    from: text(search.from),
    to: text(search.to),
    entry: text(search.entry),
  }),
  component: lazyPage(() => import("./audit/AuditPage"), "AuditPage"),
});
const admin = createRoute({
  getParentRoute: () => desk,
  path: "/admin",
  validateSearch: (search): AdminFilters => {
    const view = oneOf(["organizations"], search.view);
    return { view, q: text(search.q), status: statusIn(view, search.status), open: text(search.open) };
  },
  component: lazyPage(() => import("./admin/AdminPage"), "AdminPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    discover,
    publish,
    visitors.addChildren([catalog, listing, signIn, signUp, signInLink, verifyEmail, forgotPassword, resetPassword, invitation]),
    desk.addChildren([subscriptions, subscription, apis, newApi, api, meters, account, organization, devices, tokens, auditLog, admin]),
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
