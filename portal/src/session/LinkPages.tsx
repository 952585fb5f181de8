import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { toError } from "~/api/problem";
import { ButtonLink } from "~/design/Button";
import { Failed } from "~/design/States";
import { signInByLink, useSession, verifyEmail, type Me, type SecondStep } from "./data";
import { dropNext, keptNext } from "./next";
import { NoLink } from "./NoLink";
import { SecondFactorForm } from "./SecondFactorForm";
import { forget, useKeptSecret, useSecret, verificationSecret } from "./secret";
import { Sheet } from "./Sheet";

/** Runs once by itself: opening the link is the wish. */
function useOnce<T>(act: () => Promise<T>, done: (result: T) => void) {
  const mutation = useMutation({ mutationFn: act, onSuccess: done });
  const { mutate } = mutation;
  useEffect(() => {
    // A moment later, so that a page that is built twice (in development) asks once.
    const timer = setTimeout(() => mutate(), 0);
    return () => clearTimeout(timer);
  }, [mutate]);
  return mutation;
}

export function SignInLinkPage() {
  const { secret, turn } = useSecret();
  return secret === "" ? (
    <NoLink title="Sign in">
      <ButtonLink to="/sign-in">Sign in another way</ButtonLink>
    </NoLink>
  ) : (
    <SignInLink key={turn} secret={secret} />
  );
}

function SignInLink({ secret }: { secret: string }) {
  const navigate = useNavigate();
  const router = useRouter();
  const [second, setSecond] = useState<SecondStep>();
  const goOn = () => {
    const next = keptNext();
    dropNext();
    if (next) router.history.push(next);
    else void navigate({ to: "/subscriptions" });
  };
  const link = useOnce(
    () => signInByLink(secret),
    (step) => (step ? setSecond(step) : goOn()),
  );
  const again = { to: "/sign-in", search: { next: keptNext() } } as const;
  if (second)
    return (
      <Sheet title="One more step" lead="Your account has a second factor.">
        <SecondFactorForm step={second} onDone={goOn} onAgain={() => void navigate(again)} />
      </Sheet>
    );
  return (
    <Sheet title="Sign in" lead={link.isError ? "The link did not sign you in." : "One moment."} other={<Link {...again} className="link text-ink">Sign in another way</Link>}>
      {link.isError && <div className="mt-24"><Failed error={link.error} what="You are not signed in." /></div>}
    </Sheet>
  );
}

/** The link counts only for who is signed in to the account that it was mailed for. */
export function VerifyEmailPage() {
  const { secret, turn } = useKeptSecret(verificationSecret);
  const session = useSession();
  if (session && secret === "") return <WithoutLink me={session} />;
  if (session) return <Proof key={turn} secret={secret} me={session} />;
  if (session === undefined) return <Sheet title="Confirm your address" lead="One moment." />;
  return (
    <Sheet title="Confirm your address" lead="Sign in to the account that this mail was for; then it is done. If you did not register, close this page: without you nobody can confirm your address.">
      <div className="mt-24">
        <ButtonLink to="/sign-in" search={{ next: "/verify-email" }} kind="signal">
          Sign in
        </ButtonLink>
      </div>
    </Sheet>
  );
}

/** Who was stopped here and signed in by a mail comes back in another tab, and has shown the address by that. */
function WithoutLink({ me }: { me: Me }) {
  const toAccount = <ButtonLink to="/account">Go to your account</ButtonLink>;
  if (!me.account.email_verified) return <NoLink title="Confirm your address">{toAccount}</NoLink>;
  return (
    <Sheet title="Address confirmed" lead={`${me.account.email} is yours, and everything is open to you.`}>
      <div className="mt-24">{toAccount}</div>
    </Sheet>
  );
}

function Proof({ secret, me }: { secret: string; me: Me }) {
  const proof = useOnce(
    () => verifyEmail({ token: secret }).finally(() => forget(verificationSecret)),
    () => undefined,
  );
  const code = proof.isError ? toError(proof.error).code : undefined;
  // Who signed in by a mail has shown the address by that, and the link is worth nothing more.
  const known = code === "EMAIL_PROOF_INVALID" && me.account.email_verified;
  const lead = proof.isSuccess
    ? "Thank you. The address is yours, and everything is open to you."
    : known
      ? `${me.account.email} is confirmed. This link is used up.`
      : proof.isError
        ? code === "EMAIL_PROOF_INVALID"
          ? "Ask for another mail on the security page of your account."
          : "The link did not confirm anything."
        : "One moment.";
  const what = code === "UNAUTHENTICATED" ? `You are signed in as ${me.account.email}.` : "Your address is not confirmed.";
  return (
    <Sheet title={proof.isSuccess ? "Address confirmed" : "Confirm your address"} lead={lead}>
      <div className="grid gap-16 mt-24 justify-items-start">
        {proof.isError && !known && <Failed error={proof.error} what={what} />}
        {(proof.isSuccess || proof.isError) && <ButtonLink to="/account">Go to your account</ButtonLink>}
      </div>
    </Sheet>
  );
}
