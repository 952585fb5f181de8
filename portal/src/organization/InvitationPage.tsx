import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ProofForm } from "~/account/ProofForm";
import { failureOf } from "~/api/query";
import { Button, ButtonLink } from "~/design/Button";
import { Day } from "~/design/Figures";
import { Failed, Lines } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { sessionQuery, signOut, type Me } from "~/session/data";
import { chooseOrganization } from "~/session/organization";
import { forget, invitationSecret, useKeptSecret } from "~/session/secret";
import { Sheet } from "~/session/Sheet";
import { acceptInvitation, declineInvitation, receivedQuery, type Received } from "./data";

const here = "/invitation";

/** Where the link of an invitation's mail leads: for members to be, with an account or without. */
export function InvitationPage() {
  const { secret: token, turn } = useKeptSecret(invitationSecret);
  // The address may be confirmed in another tab meanwhile.
  const { data: session, error, refetch } = useQuery({ ...sessionQuery, refetchOnWindowFocus: "always" });
  if (token === "")
    return (
      <Sheet title="No invitation here" lead="It waits in the tab in which you opened it: go on there, or open the link of its mail once more. One that was answered is used up.">
        <div className="mt-24">
          <ButtonLink to="/organization">My organizations</ButtonLink>
        </div>
      </Sheet>
    );
  if (error)
    return (
      <Sheet title="Invitation" lead="It is not known yet who you are.">
        <div className="mt-24"><Failed error={error} retry={() => void refetch()} /></div>
      </Sheet>
    );
  if (session === undefined) return <Sheet title="Invitation" lead="One moment." />;
  return session ? <Received key={turn} token={token} me={session} /> : <Door />;
}

function Door() {
  return (
    <Sheet title="You are invited" lead="Go on with the address that the mail came to. The invitation waits in this tab meanwhile.">
      <div className="flex flex-wrap gap-8 mt-24">
        <ButtonLink to="/sign-up" search={{ next: here }} kind="signal" size="large">
          Create an account
        </ButtonLink>
        <ButtonLink to="/sign-in" search={{ next: here }} size="large">
          Sign in
        </ButtonLink>
      </div>
    </Sheet>
  );
}

function Received({ token, me }: { token: string; me: Me }) {
  const query = useQuery(receivedQuery(token));
  if (failureOf(query))
    return (
      <Sheet title="Invitation" lead={`You are signed in as ${me.account.email}.`}>
        <div className="grid gap-16 mt-24 justify-items-start">
          <Failed error={query.error} what="This invitation does not work for you." />
          <OtherPerson />
        </div>
      </Sheet>
    );
  if (!query.data)
    return (
      <Sheet title="Invitation" lead={`You are signed in as ${me.account.email}.`}>
        <div className="mt-24"><Lines rows={2} /></div>
      </Sheet>
    );
  const { organization, role, invited_by: by, expires_at: until } = query.data;
  // A node of the version before says nothing of the role.
  const summary: string | undefined = query.data.role_summary;
  return (
    <Sheet title={`Join ${organization}`} lead={`${by} invites you, ${me.account.email}, as ${role}.${summary ? ` ${summary}.` : ""}`} other={<>The invitation works once, until <Day at={until} />.</>}>
      <div className="grid gap-16 mt-24">
        {me.account.email_verified ? <Answer token={token} invitation={query.data} /> : <ProofForm what={`One thing before: show that ${me.account.email} is yours. We mailed a code to it.`} again />}
      </div>
    </Sheet>
  );
}

function OtherPerson() {
  const navigate = useNavigate();
  const out = useMutation({ mutationFn: signOut, onSuccess: () => navigate({ to: "/sign-in", search: { next: here } }) });
  return (
    <>
      <Button busy={out.isPending} onClick={() => out.mutate()}>
        Sign in as somebody else
      </Button>
      {out.error && <Failed error={out.error} what="You are still signed in." />}
    </>
  );
}

function Answer({ token, invitation }: { token: string; invitation: Received }) {
  const navigate = useNavigate();
  const note = useNote();
  const accept = useMutation({
    mutationFn: () => acceptInvitation(token),
    onSuccess: (id) => {
      forget(invitationSecret);
      chooseOrganization(id);
      void navigate({ to: "/organization" });
    },
  });
  const decline = useMutation({
    mutationFn: () => declineInvitation(token),
    onSuccess: () => {
      forget(invitationSecret);
      note("The invitation is declined.");
      void navigate({ to: "/subscriptions" });
    },
  });
  return (
    <>
      {accept.error && <Failed error={accept.error} what="You have not joined." />}
      {decline.error && <Failed error={decline.error} what="The invitation is as it was." />}
      <div className="flex flex-wrap gap-8">
        <Button kind="signal" size="large" busy={accept.isPending} onClick={() => accept.mutate()}>
          Join {invitation.organization}
        </Button>
        <Button size="large" busy={decline.isPending} onClick={() => decline.mutate()}>
          Decline
        </Button>
      </div>
    </>
  );
}
