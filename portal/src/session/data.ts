import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Answer, Body } from "@tollgate/sdk";
import { take, tollgate } from "~/api/client";
import { toError } from "~/api/problem";
import { queryClient } from "~/api/query";
import { mayBeSignedIn, onSessionEnd } from "~/api/sessionFetch";

export type Me = Answer<"/me", "get">;
export type Membership = Me["organizations"][number];

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  staleTime: 60_000,
  queryFn: async (): Promise<Me | null> => {
    if (!mayBeSignedIn()) return null;
    try {
      return await take(tollgate.GET("/me"));
    } catch (cause) {
      if (toError(cause).status === 401) return null;
      throw cause;
    }
  },
});

/** The signed-in account with its organizations; null for a visitor, undefined while it is not known yet. */
export const useSession = (): Me | null | undefined => useQuery(sessionQuery).data;

onSessionEnd(() => queryClient.setQueryData(sessionQuery.queryKey, null));

export async function signIn(credentials: Body<"/auth/login", "post">): Promise<void> {
  await take(tollgate.POST("/auth/login", { body: credentials }));
  await startFresh();
}

export async function signUp(details: Body<"/auth/register", "post">): Promise<void> {
  await take(tollgate.POST("/auth/register", { body: details }));
  await startFresh();
}

export async function signOut(): Promise<void> {
  await take(tollgate.POST("/auth/logout", { body: {} }));
  queryClient.clear();
  queryClient.setQueryData(sessionQuery.queryKey, null);
}

/** Nothing that one account has seen may be shown to the next. */
async function startFresh(): Promise<void> {
  queryClient.clear();
  await queryClient.fetchQuery(sessionQuery);
}
