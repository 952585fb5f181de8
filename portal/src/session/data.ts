import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Answer, Body } from "@tollgate/sdk";
import { take, tollgate } from "~/api/client";
import { toError } from "~/api/problem";
import { queryClient } from "~/api/query";
import { answerWithPasskey } from "./passkeys";
import { mayBeSignedIn, onSessionEnd } from "~/api/sessionFetch";
import { forgetTyped } from "./typed";

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

/** What a sign-in still asks for; null when it is done. */
export interface SecondStep {
  challenge: string;
}

/** The answer of each way in: a session, or the question for the second factor (202). */
async function step(answer: Promise<unknown>): Promise<SecondStep | null> {
  const body = (await answer) as { challenge?: string; account?: unknown };
  if (body.account === undefined && body.challenge !== undefined) return { challenge: body.challenge };
  await startFresh();
  return null;
}

export const signIn = (credentials: Body<"/auth/login", "post">): Promise<SecondStep | null> => step(take(tollgate.POST("/auth/login", { body: credentials })));

export const askForMail = async (email: string): Promise<string> =>
  ((await take(tollgate.POST("/auth/mail-sign-in", { body: { email } }))) as unknown as { challenge: string }).challenge;

export const signInByCode = (challenge: string, code: string): Promise<SecondStep | null> => step(take(tollgate.POST("/auth/mail-sign-in/code", { body: { challenge, code } })));

export const signInByLink = (token: string): Promise<SecondStep | null> => step(take(tollgate.POST("/auth/mail-sign-in/link", { body: { token } })));

export const signInBySecondFactor = (challenge: string, answer: { code: string } | { recovery_code: string }): Promise<SecondStep | null> =>
  step(take(tollgate.POST("/auth/second-factor", { body: { challenge, ...answer } })));

export async function signInByPasskey(): Promise<void> {
  const question = await take(tollgate.POST("/auth/passkey-sign-in/options"));
  const credential = await answerWithPasskey(question.options);
  await step(take(tollgate.POST("/auth/passkey-sign-in", { body: { challenge: question.challenge, credential } })));
}

export async function askForReset(email: string): Promise<void> {
  await take(tollgate.POST("/auth/forgot-password", { body: { email } }));
}

export async function resetPassword(token: string, password: string): Promise<void> {
  await take(tollgate.POST("/auth/reset-password", { body: { token, password } }));
  queryClient.clear();
}

export async function verifyEmail(proof: { token: string } | { code: string }): Promise<void> {
  await take(tollgate.POST("/auth/verify-email", { body: proof }));
  await queryClient.invalidateQueries();
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
  forgetTyped();
  queryClient.clear();
  await queryClient.fetchQuery(sessionQuery);
}
