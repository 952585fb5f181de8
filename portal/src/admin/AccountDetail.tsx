import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useGuard } from "~/account/StepUp";
import { Beside } from "~/design/Beside";
import { Button } from "~/design/Button";
import { ConfirmDialog } from "~/design/Dialog";
import { When } from "~/design/Figures";
import { counted } from "~/design/format";
import { Failed, Lines } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { RemoveFactor } from "./RemoveFactor";
import { accountQuery, disableAccount, enableAccount, endSession, endSessions, setRole, type AdminAccount, type AdminAccountDetail, type AdminSession } from "./data";

/** One account beside the list: its organizations and sessions, and what an operator can do. */
export function AccountDetail({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(accountQuery(id));
  const email = query.data?.account.email ?? "Account";
  return (
    <Beside label={email} title={email} onClose={onClose}>
      {query.error ? <Failed error={query.error} what="The account could not be read." retry={() => void query.refetch()} /> : query.data ? <Facts detail={query.data} /> : <Lines rows={3} />}
    </Beside>
  );
}

function Facts({ detail }: { detail: AdminAccountDetail }) {
  const { account, organizations, sessions } = detail;
  const live = sessions.filter((session) => session.ended_at === null);
  return (
    <div className="grid gap-20 text-14">
      <p className="text-quiet">
        {account.name}, since <When at={account.created_at} />
        {!account.email_verified && !account.deleted_at && ". Address not confirmed, so it cannot become an operator"}
        {account.deleted_at ? (
          <>
            . Deleted by its person <When at={account.deleted_at} />
          </>
        ) : (
          account.disabled_at && (
            <>
              . Disabled <When at={account.disabled_at} />
            </>
          )
        )}
        .{" "}
        <Link to="/audit-log" search={{ all: "1", subject: account.id }} className="link">
          What was done to it
        </Link>
      </p>
      {account.deleted_at ? <p className="text-quiet">Nobody signs in to it any more. The row stays as the author of what was done with it.</p> : <Acts account={account} sessions={live.length} />}
      <section>
        <h3 className="text-13 font-medium mb-4">{counted(organizations.length, "organization")}</h3>
        {organizations.map((each) => (
          <p key={each.organization_id} className="flex justify-between gap-16">
            <span className="break-all">{each.slug}</span>
            <span className="text-quiet">{each.role}</span>
          </p>
        ))}
      </section>
      <section>
        <h3 className="text-13 font-medium mb-4">{counted(live.length, "live session")}</h3>
        {live.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </section>
    </div>
  );
}

function SessionRow({ session }: { session: AdminSession }) {
  const guard = useGuard("As an operator you end somebody's session.");
  const mutation = useMutation({ mutationFn: () => guard(() => endSession(session.id)) });
  return (
    <div className="py-4 border-t border-line">
      <div className="flex items-center justify-between gap-16">
        <span className="min-w-0">
          {session.device}
          <span className="block text-12 text-quiet break-all">
            {session.address ? `${session.address}, ` : ""}
            <When at={session.last_seen_at} />
          </span>
        </span>
        <Button kind="quiet" busy={mutation.isPending} aria-label={`End session ${session.device}`} onClick={() => mutation.mutate()}>
          End
        </Button>
      </div>
      {mutation.error && <Failed error={mutation.error} what="The session goes on." />}
    </div>
  );
}

type Act = "disable" | "enable" | "promote" | "demote" | "end";

const acts: Record<Act, { verb: string; title: string; text: string; run: (id: string) => Promise<void>; done: string }> = {
  disable: { verb: "Disable account", title: "Disable", text: "Its sessions and API tokens end at once, and nobody signs in to it until it is enabled. Keys of its organizations go on.", run: disableAccount, done: "The account is disabled." },
  enable: { verb: "Enable account", title: "Enable", text: "It can be signed in to again. Sessions that have ended stay ended.", run: enableAccount, done: "The account is enabled." },
  promote: { verb: "Make operator", title: "Make an operator of", text: "An operator sees and ends everybody's sessions, and disables accounts.", run: (id) => setRole(id, "admin"), done: "It is an operator now." },
  demote: { verb: "Make user", title: "Make a user of", text: "It no longer runs this installation.", run: (id) => setRole(id, "user"), done: "It is a user now." },
  end: { verb: "End sessions", title: "End all sessions of", text: "Everybody who is signed in to it has to sign in again.", run: endSessions, done: "All its sessions have ended." },
};

function Acts({ account, sessions }: { account: AdminAccount; sessions: number }) {
  const [asking, setAsking] = useState<Act | null>(null);
  const [removing, setRemoving] = useState(false);
  const note = useNote();
  const guard = useGuard(`As an operator you act on ${account.email}.`);
  const mutation = useMutation({
    mutationFn: (act: Act) => guard(() => acts[act].run(account.id)),
    onSuccess: (_, act) => {
      setAsking(null);
      note(acts[act].done);
    },
  });
  const role: Act[] = account.role === "admin" ? ["demote"] : account.email_verified ? ["promote"] : [];
  const offered: Act[] = [account.disabled_at ? "enable" : "disable", ...role, ...(sessions > 0 ? ["end" as const] : [])];
  const asked = asking ? acts[asking] : undefined;
  return (
    <div className="flex flex-wrap gap-8">
      {offered.map((act) => (
        <Button key={act} onClick={() => setAsking(act)}>
          {acts[act].verb}
        </Button>
      ))}
      {account.second_factor && account.role !== "admin" && <Button onClick={() => setRemoving(true)}>Remove second factor</Button>}
      {removing && <RemoveFactor account={account} onClose={() => setRemoving(false)} />}
      <ConfirmDialog
        open={asking !== null}
        title={`${asked?.title ?? ""} ${account.email}?`}
        verb={asked?.verb ?? ""}
        otherwise="Leave it as it is"
        busy={mutation.isPending}
        error={mutation.error && <Failed error={mutation.error} what="Nothing was changed." />}
        onConfirm={() => asking && mutation.mutate(asking)}
        onClose={() => {
          mutation.reset();
          setAsking(null);
        }}
      >
        <p>{asked?.text}</p>
      </ConfirmDialog>
    </div>
  );
}
