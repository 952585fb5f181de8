import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useGuard } from "~/account/StepUp";
import { Button } from "~/design/Button";
import { ConfirmDialog } from "~/design/Dialog";
import { Failed } from "~/design/States";
import { may } from "~/session/organization";
import { leaveOrganization, removeOrganization, type OrganizationDetail } from "./data";

export function EndSection({ organization }: { organization: Pick<OrganizationDetail, "id" | "name" | "permissions"> }) {
  const [ending, setEnding] = useState<"leave" | "remove" | null>(null);
  const mayRemove = may(organization, "own_organization");
  const navigate = useNavigate();
  const guard = useGuard(ending === "remove" ? `This ends ${organization.name} for all its members.` : `This ends your membership of ${organization.name}.`);
  const end = useMutation({
    mutationFn: (way: "leave" | "remove") => guard(() => (way === "leave" ? leaveOrganization(organization.id) : removeOrganization(organization.id))),
    onSuccess: () => navigate({ to: "/subscriptions" }),
  });
  const close = () => {
    setEnding(null);
    end.reset();
  };
  return (
    <section aria-labelledby="end">
      <h2 id="end" className="text-20 font-semibold mb-8">
        {mayRemove ? "Leave or remove" : "Leave"}
      </h2>
      <p className="text-quiet max-w-prose mb-12">
        {mayRemove
          ? "The last owner cannot leave: hand the organization over first. To remove it, its subscriptions must be canceled and its APIs archived."
          : "You lose sight of it. What you made for it stays."}
      </p>
      <div className="flex flex-wrap gap-8">
        <Button onClick={() => setEnding("leave")}>Leave organization</Button>
        {mayRemove && (
          <Button kind="bad" onClick={() => setEnding("remove")}>
            Remove organization
          </Button>
        )}
      </div>
      <ConfirmDialog
        open={ending === "leave"}
        title={`Leave ${organization.name}?`}
        verb="Leave organization"
        otherwise="Stay"
        busy={end.isPending}
        error={end.error && <Failed error={end.error} what="You are still a member." />}
        onConfirm={() => end.mutate("leave")}
        onClose={close}
      >
        <p>You see nothing of it from then on. To come back you need an invitation.</p>
      </ConfirmDialog>
      <ConfirmDialog
        open={ending === "remove"}
        title={`Remove ${organization.name}?`}
        verb="Remove organization"
        busy={end.isPending}
        error={end.error && <Failed error={end.error} what="The organization is as it was." />}
        onConfirm={() => end.mutate("remove")}
        onClose={close}
      >
        <p>For all its members, and for good. It must have no live subscription and no API that is not archived. Its slug is nobody else's for 180 days.</p>
      </ConfirmDialog>
    </section>
  );
}
