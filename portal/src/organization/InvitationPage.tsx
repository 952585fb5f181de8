import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { Button } from "~/design/Button";
import { onDate } from "~/design/dates";
import { Empty, Failed, Lines } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { usePageTitle } from "~/design/usePage";
import { useSession } from "~/session/data";
import { chooseOrganization } from "~/session/organization";
import { acceptInvitation, declineInvitation, receivedQuery, roles } from "./data";

/** Where the link of an invitation's mail leads. Its secret is behind the #, so that no server's log has it. */
export function InvitationPage() {
  const token = useRouterState({ select: (state) => state.location.hash });
  const session = useSession();
  const query = useQuery(receivedQuery(token));
  const title = query.data ? `Join ${query.data.organization}` : "Invitation";
  usePageTitle(title);
  return (
    <div className="max-w-prose">
      <h1 className="text-26 font-semibold mb-16">{title}</h1>
      {token === "" ? (
        <Empty title="There is no invitation in this address">Open the link of the mail as it stands.</Empty>
      ) : query.error ? (
        <Failed error={query.error} what={`This invitation does not work for ${session?.account.email ?? "you"}.`} />
      ) : query.data ? (
        <Answer token={token} invitation={query.data} email={session?.account.email ?? ""} />
      ) : (
        <Lines rows={2} />
      )}
    </div>
  );
}

interface AnswerProps {
  token: string;
  invitation: { organization: string; role: string; invited_by: string; expires_at: string };
  email: string;
}

function Answer({ token, invitation, email }: AnswerProps) {
  const navigate = useNavigate();
  const note = useNote();
  const accept = useMutation({
    mutationFn: () => acceptInvitation(token),
    onSuccess: (id) => {
      chooseOrganization(id);
      void navigate({ to: "/organization" });
    },
  });
  const decline = useMutation({
    mutationFn: () => declineInvitation(token),
    onSuccess: () => {
      note("The invitation is declined.");
      void navigate({ to: "/subscriptions" });
    },
  });
  return (
    <>
      <p>
        {invitation.invited_by} invites you, {email}, to {invitation.organization} as {invitation.role}.
      </p>
      <p className="text-quiet mt-4">
        {roles.find((each) => each.role === invitation.role)?.means}. The invitation works until {onDate(invitation.expires_at)}.
      </p>
      {accept.error && <Failed error={accept.error} what="You have not joined." />}
      {decline.error && <Failed error={decline.error} what="The invitation is as it was." />}
      <div className="flex flex-wrap gap-8 mt-24">
        <Button kind="signal" busy={accept.isPending} onClick={() => accept.mutate()}>
          Join {invitation.organization}
        </Button>
        <Button busy={decline.isPending} onClick={() => decline.mutate()}>
          Decline
        </Button>
      </div>
    </>
  );
}
