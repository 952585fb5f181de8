import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Answer } from "@tollgate/sdk";
import { take, tollgate } from "~/api/client";
import { ApiError } from "~/api/problem";

export type Provider = Answer<"/auth/providers", "get">["data"][number];

const providersQuery = queryOptions({ queryKey: ["providers"], staleTime: Infinity, queryFn: async () => (await take(tollgate.GET("/auth/providers"))).data });

/** The outside providers of this installation; most have none. */
export const useProviders = (): readonly Provider[] => useQuery(providersQuery).data ?? [];

/** Leaves for the provider, which sends the browser back. */
export async function leaveFor(provider: Provider, next?: string): Promise<void> {
  const { url } = await take(tollgate.POST("/auth/providers/{provider}/sign-in", { params: { path: { provider: provider.id } }, body: { next } }));
  location.assign(url);
}

const sentences: Record<string, string> = {
  PROVIDER_SIGN_IN_EXPIRED: "This sign-in was ended, is older than ten minutes, or was begun in another browser. Start again.",
  PROVIDER_REFUSED: "The provider did not let you in, or you said no.",
  PROVIDER_UNAVAILABLE: "The provider cannot be reached, or does not answer as it should. Try again, or sign in another way.",
  PROVIDER_ANSWER_INVALID: "What the provider answered does not prove who you are. Start again.",
  PROVIDER_EMAIL_UNVERIFIED: "The provider has no confirmed e-mail address of you. Confirm it there, or register with a password.",
  PROVIDER_ACCOUNT_EXISTS: "There is an account with your address. Sign in to it, then connect the provider on its security page.",
  PROVIDER_TAKEN: "You at this provider belong to another account already, or this account has somebody of this provider.",
  INVALID_CREDENTIALS: "This account cannot sign in.",
};

/** Why the provider's way back did not lead in: the address names a code, and only known ones are shown. */
export const problemOf = (code: string | undefined): ApiError | undefined => {
  const sentence = code === undefined ? undefined : sentences[code];
  return code !== undefined && sentence !== undefined ? new ApiError(0, code, sentence, null) : undefined;
};

/** The second step after a provider stands behind the #; it is taken once and leaves the address. */
export function takeSecondStep(): { challenge: string } | null {
  const challenge = /^#second-factor=([\w-]{20,100})$/.exec(location.hash)?.[1];
  if (challenge === undefined) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return { challenge };
}
