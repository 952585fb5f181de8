import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useGuard } from "~/account/StepUp";
import { failureOf } from "~/api/query";
import { Button } from "~/design/Button";
import { SelectField, TextField } from "~/design/Field";
import { Day } from "~/design/Figures";
import { Failed, Lines } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { textOf, useForm } from "~/design/useForm";
import { invitationsQuery, invite, rolesQuery, withdraw, type Invitation, type OrganizationDetail, type Role, type RoleName } from "./data";

export function InvitationsSection({ organization }: { organization: OrganizationDetail }) {
  const query = useQuery(invitationsQuery(organization.id));
  const roles = useQuery(rolesQuery(organization.id)).data;
  return (
    <section aria-labelledby="invitations">
      <h2 id="invitations" className="text-20 font-semibold mb-8">
        Invitations
      </h2>
      {roles && <InviteForm organization={organization} roles={roles.filter(({ assignable }) => assignable)} />}
      {failureOf(query) ? (
        <Failed error={query.error} what="The invitations could not be read." retry={() => void query.refetch()} />
      ) : query.data ? (
        <Waiting organization={organization} rows={query.data} />
      ) : (
        <Lines rows={1} />
      )}
    </section>
  );
}

function InviteForm({ organization, roles }: { organization: OrganizationDetail; roles: readonly Role[] }) {
  const note = useNote();
  const guard = useGuard(`This invites somebody to own ${organization.name}.`);
  const element = useRef<HTMLFormElement>(null);
  const [role, setRole] = useState<RoleName>("developer");
  const form = useForm(
    ["email", "role"],
    (values) => guard(() => invite(organization.id, textOf(values, "email"), textOf(values, "role"))),
    (sent) => {
      element.current?.reset();
      setRole("developer");
      note(`An invitation is on its way to ${sent.email}.`);
    },
  );
  return (
    <form ref={element} className="grid gap-16 max-w-prose mb-24" {...form.props} aria-label="Invite">
      {form.problem && <Failed error={form.problem} what="No invitation was sent." />}
      <TextField label="E-mail" name="email" type="email" autoComplete="off" required hint="The invitation works for this address only, once, for seven days." error={form.errorOf("email")} />
      <SelectField label="Role" name="role" value={role} onChange={(event) => setRole(event.target.value as RoleName)} hint={roles.find((each) => each.role === role)?.summary} error={form.errorOf("role")}>
        {roles.map(({ role: each }) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </SelectField>
      <div>
        <Button type="submit" kind="signal" busy={form.busy}>
          Send invitation
        </Button>
      </div>
    </form>
  );
}

function Waiting({ organization, rows }: { organization: OrganizationDetail; rows: readonly Invitation[] }) {
  const take = useMutation({ mutationFn: (id: string) => withdraw(organization.id, id) });
  if (rows.length === 0) return <p className="border-t border-line py-16 text-quiet">Nobody has an invitation to answer.</p>;
  return (
    <>
      {take.error && <Failed error={take.error} what="The invitation still works." />}
      <div className="scroll" tabIndex={0} role="region" aria-label="Invitations as a table">
        <table className="sheet">
          <thead>
            <tr>
              <th scope="col">Invited</th>
              <th scope="col">Role</th>
              <th scope="col" className="hidden sm:table-cell">
                By
              </th>
              <th scope="col" className="hidden sm:table-cell">
                Until
              </th>
              <th scope="col">
                <span className="sr-only">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <td>
                  <span className="break-all">{row.email}</span>
                  <span className="block text-12 text-quiet sm:hidden">
                    until <Day at={row.expires_at} />
                  </span>
                </td>
                <td>{row.role}</td>
                <td className="hidden sm:table-cell">{row.invited_by}</td>
                <td className="whitespace-nowrap text-quiet hidden sm:table-cell"><Day at={row.expires_at} /></td>
                <td className="figure">
                  <Button kind="quiet" aria-label={`Withdraw the invitation of ${row.email}`} busy={take.isPending && take.variables === row.id} onClick={() => take.mutate(row.id)}>
                    Withdraw
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
