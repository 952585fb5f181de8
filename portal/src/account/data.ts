import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Answer } from "@tollgate/sdk";
import { take, tollgate } from "~/api/client";
import { queryClient } from "~/api/query";
import { sessionQuery } from "~/session/data";
import { answerWithPasskey, makePasskey } from "~/session/passkeys";

export type Security = Answer<"/auth/security", "get">;
export type Passkey = Security["passkeys"][number];
export type TotpOffer = Answer<"/auth/totp", "post">;

export const securityQuery = queryOptions({ queryKey: ["security"], queryFn: () => take(tollgate.GET("/auth/security")) });

export const useSecurity = () => useQuery(securityQuery);

/** Lists of members say who has a second factor, and an organization may have been closed for want of it. */
async function changed(): Promise<void> {
  await Promise.all([securityQuery.queryKey, sessionQuery.queryKey, ["organization"]].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
}

export async function stepUp(proof: { password: string } | { code: string } | { recovery_code: string }): Promise<void> {
  await take(tollgate.POST("/auth/step-up", { body: proof }));
  // A factor opens organizations that ask for one.
  await changed();
}

export async function stepUpByPasskey(): Promise<void> {
  const question = await take(tollgate.POST("/auth/passkey-sign-in/options"));
  const credential = await answerWithPasskey(question.options);
  await take(tollgate.POST("/auth/step-up", { body: { challenge: question.challenge, credential } }));
  await changed();
}

export async function sendVerification(): Promise<void> {
  await take(tollgate.POST("/auth/verify-email/send"));
}

export async function changeEmail(email: string): Promise<void> {
  await take(tollgate.POST("/auth/email", { body: { email } }));
}

export async function changePassword(current: string, password: string): Promise<void> {
  await take(tollgate.POST("/auth/password", { body: { current_password: current, password } }));
}

export const offerTotp = () => take(tollgate.POST("/auth/totp"));

export async function confirmTotp(code: string): Promise<readonly string[]> {
  const { recovery_codes: codes } = await take(tollgate.POST("/auth/totp/confirm", { body: { code } }));
  await changed();
  return codes;
}

export async function removeTotp(): Promise<void> {
  await take(tollgate.DELETE("/auth/totp"));
  await changed();
}

export async function newRecoveryCodes(): Promise<readonly string[]> {
  const { recovery_codes: codes } = await take(tollgate.POST("/auth/recovery-codes"));
  await changed();
  return codes;
}

/** Two questions of the server with the browser's dialog between them. */
export async function addPasskey(name: string): Promise<void> {
  const question = await take(tollgate.POST("/auth/passkeys/options"));
  const credential = await makePasskey(question.options);
  await take(tollgate.POST("/auth/passkeys", { body: { challenge: question.challenge, name, credential } }));
  await changed();
}

export async function removePasskey(id: string): Promise<void> {
  await take(tollgate.DELETE("/auth/passkeys/{id}", { params: { path: { id } } }));
  await changed();
}

export async function deleteAccount(email: string): Promise<void> {
  await take(tollgate.POST("/me/delete", { body: { email } }));
  queryClient.clear();
  queryClient.setQueryData(sessionQuery.queryKey, null);
}
