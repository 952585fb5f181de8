import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useGuard } from "~/account/StepUp";
import { failureOf } from "~/api/query";
import { Beside } from "~/design/Beside";
import { Button } from "~/design/Button";
import { ConfirmDialog, Dialog } from "~/design/Dialog";
import { AreaField } from "~/design/Field";
import { When } from "~/design/Figures";
import { counted } from "~/design/format";
import { Failed, Lines } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { textOf, useForm } from "~/design/useForm";
import { knownSlug, organizationQuery, suspendOrganization, unsuspendOrganization, type AdminOrganization, type AdminOrganizationDetail } from "./data";
import type { AdminFilters } from "./filters";

interface DetailProps {
  id: string;
  onChange: (change: Partial<AdminFilters>) => void;
}

/** One organization beside the list: whether it may sell and call, and who its members are. */
export function OrganizationDetail({ id, onChange }: DetailProps) {
  const query = useQuery(organizationQuery(id));
  const name = query.data?.organization.name ?? "Organization";
  return (
    <Beside label={name} title={name} onClose={() => onChange({ open: undefined })}>
      {failureOf(query) ? (
        <Failed error={query.error} what="The organization could not be read." retry={() => void query.refetch()} />
      ) : query.data ? (
        <Facts detail={query.data} onChange={onChange} />
      ) : (
        <Lines rows={3} />
      )}
    </Beside>
  );
}

function Facts({ detail, onChange }: { detail: AdminOrganizationDetail; onChange: DetailProps["onChange"] }) {
  const { organization, members } = detail;
  const slug = knownSlug(organization);
  return (
    <div className="grid gap-20 text-14">
      <p className="text-quiet">
        {slug && <><code className="break-all">{slug}</code>, </>}
        {organization.personal && "personal, "}since <When at={organization.created_at} />.{" "}
        <Link to="/audit-log" search={{ all: "1", subject: organization.id }} className="link">
          What was done to it
        </Link>
      </p>
      {organization.suspension && (
        <p className="border-l-2 border-bad pl-12">
          Suspended <When at={organization.suspension.since} />: {organization.suspension.reason}
        </p>
      )}
      {organization.removed_at ? (
        <p className="border-l-2 border-line pl-12">
          Removed <When at={organization.removed_at} />, for good. It has no members, sells and calls nothing; its usage and invoices stay.
        </p>
      ) : (
        <Acts organization={organization} />
      )}
      <section>
        <h3 className="text-13 font-medium mb-4">{counted(members.length, "member")}</h3>
        {members.map((member) => (
          <p key={member.account_id} className="flex justify-between gap-16 py-4 border-t border-line">
            <button type="button" className="link text-left break-all" onClick={() => onChange({ view: undefined, q: undefined, status: undefined, open: member.account_id })}>
              {member.email}
            </button>
            <span className="text-quiet">
              {member.role}
              {member.disabled_at && ", disabled"}
            </span>
          </p>
        ))}
      </section>
    </div>
  );
}

function Acts({ organization }: { organization: AdminOrganization }) {
  // What was asked for, not what would be next: the answer changes the organization before the question is gone.
  const [asking, setAsking] = useState<"suspend" | "lift">();
  const note = useNote();
  const guard = useGuard(`As an operator you act on ${organization.name}.`);
  const lift = useMutation({
    mutationFn: () => guard(() => unsuspendOrganization(organization.id)),
    onSuccess: () => {
      setAsking(undefined);
      note(`${organization.name} sells and calls again.`);
    },
  });
  const close = () => {
    lift.reset();
    setAsking(undefined);
  };
  return (
    <div>
      <Button kind={organization.suspension ? "plain" : "bad"} onClick={() => setAsking(organization.suspension ? "lift" : "suspend")}>
        {organization.suspension ? "Lift the suspension" : "Suspend organization"}
      </Button>
      {asking === "suspend" && <Suspend organization={organization} onClose={close} />}
      <ConfirmDialog
        open={asking === "lift"}
        title={`Lift the suspension of ${organization.name}?`}
        verb="Lift the suspension"
        otherwise="Leave it suspended"
        busy={lift.isPending}
        error={lift.error && <Failed error={lift.error} what="It is still suspended." />}
        onConfirm={() => lift.mutate()}
        onClose={close}
      >
        <p>Its APIs are served and sold again, and its keys open what they did. Its members may change what they sell.</p>
      </ConfirmDialog>
    </div>
  );
}

function Suspend({ organization, onClose }: { organization: AdminOrganization; onClose: () => void }) {
  const note = useNote();
  const guard = useGuard(`As an operator you act on ${organization.name}.`);
  const form = useForm(
    ["reason"],
    (values) => guard(() => suspendOrganization(organization.id, textOf(values, "reason"))),
    () => {
      onClose();
      note(`${organization.name} is suspended.`);
    },
  );
  return (
    <Dialog open title={`Suspend ${organization.name}?`} onClose={onClose}>
      <form className="grid gap-16" {...form.props}>
        {form.problem && <Failed error={form.problem} what="Nothing was changed." />}
        <p className="text-quiet">
          Within a second the gateway serves none of its APIs, and its own keys open nothing; running streams end within five. Its APIs leave the catalog. Members can sign in, see why, and end what they pay for.
        </p>
        <AreaField label="Reason" name="reason" rows={3} maxLength={500} data-focus required hint="Its members read it." error={form.errorOf("reason")} />
        <footer className="flex justify-end gap-8">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" kind="bad" busy={form.busy}>
            Suspend
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
