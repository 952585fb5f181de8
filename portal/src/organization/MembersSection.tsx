import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useGuard } from "~/account/StepUp";
import { failureOf } from "~/api/query";
import { Button } from "~/design/Button";
import { ConfirmDialog } from "~/design/Dialog";
import { SelectField } from "~/design/Field";
import { Day } from "~/design/Figures";
import { counted } from "~/design/format";
import { Failed, Lines } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { may } from "~/session/organization";
import { changeRole, membersQuery, removeMember, rolesQuery, transferOrganization, type Member, type OrganizationDetail, type Role, type RoleName } from "./data";

export function MembersSection({ organization }: { organization: OrganizationDetail }) {
  const query = useQuery(membersQuery(organization.id));
  const roles = useQuery(rolesQuery(organization.id)).data ?? [];
  const [removing, setRemoving] = useState<Member | null>(null);
  const [heir, setHeir] = useState<Member | null>(null);
  return (
    <section aria-labelledby="members">
      <h2 id="members" className="text-20 font-semibold mb-8">
        Members
      </h2>
      {failureOf(query) ? (
        <Failed error={query.error} what="The members could not be read." retry={() => void query.refetch()} />
      ) : query.data ? (
        <div className="scroll" tabIndex={0} role="region" aria-label="Members as a table">
          <table className="sheet">
            <thead>
              <tr>
                <th scope="col">Member</th>
                <th scope="col">Role</th>
                <th scope="col" className="hidden sm:table-cell">
                  Since
                </th>
                <th scope="col">
                  <span className="sr-only">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {query.data.map((member) => (
                <MemberRow key={member.account} organization={organization} roles={roles} member={member} onRemove={() => setRemoving(member)} onTransfer={() => setHeir(member)} />
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <Lines rows={3} />
      )}
      <Lacking organization={organization} members={query.data ?? []} />
      <details className="mt-12 text-13 text-quiet">
        <summary>What each role may do</summary>
        <dl className="terms mt-8 max-w-prose">
          {roles.map(({ role, summary }) => (
            <div key={role}>
              <dt className="text-ink">{role}</dt>
              <dd>{summary}</dd>
            </div>
          ))}
        </dl>
      </details>
      <RemoveDialog organization={organization} member={removing} onClose={() => setRemoving(null)} />
      <TransferDialog organization={organization} member={heir} onClose={() => setHeir(null)} />
    </section>
  );
}

/** Who manages the organization is told how many a password alone lets in, and what that means here. */
function Lacking({ organization, members }: { organization: OrganizationDetail; members: readonly Member[] }) {
  const lacking = members.filter((member) => member.second_factor === false).length;
  if (lacking === 0) return null;
  const many = `${counted(lacking, "member")} ${lacking === 1 ? "has" : "have"}`;
  return (
    <p className="mt-12 text-13 text-quiet max-w-prose">
      {organization.require_second_factor
        ? `${many} no second factor, and ${lacking === 1 ? "sees" : "see"} nothing of ${organization.name} until one is set up.`
        : `${many} no second factor: a password or a mailbox alone lets in.`}
    </p>
  );
}

interface RowProps {
  organization: OrganizationDetail;
  roles: readonly Role[];
  member: Member;
  onRemove: () => void;
  onTransfer: () => void;
}

function MemberRow({ organization, roles, member, onRemove, onTransfer }: RowProps) {
  const note = useNote();
  const guard = useGuard(`This changes who owns ${organization.name}.`);
  const own = roles.find(({ role }) => role === member.role);
  const change = useMutation({ mutationFn: (role: RoleName) => guard(() => changeRole(organization.id, member.account, role)), onSuccess: () => note(`${member.name} has another role now.`) });
  return (
    <tr>
      <td className="min-w-0">
        <span className="font-medium">{member.name}</span>
        {member.you && <span className="text-12 text-quiet"> you</span>}
        <span className="block text-12 text-quiet break-all">{member.email}</span>
        {member.second_factor === false && (
          <span className="chip text-12 text-quiet" data-shape="hollow">
            No second factor
          </span>
        )}
        {change.error && <Failed error={change.error} what="The role is as it was." />}
      </td>
      <td className="choice">
        {own?.assignable ? (
          // Not disabled meanwhile: what has the focus would lose it.
          <SelectField
            bare
            small
            label={`Role of ${member.name}`}
            value={change.isPending ? change.variables : member.role}
            aria-busy={change.isPending || undefined}
            onChange={(event) => !change.isPending && change.mutate(event.target.value as RoleName)}
          >
            {roles
              .filter(({ assignable }) => assignable)
              .map(({ role }) => (
                <option key={role} value={role}>
                  {role}
                </option>
              ))}
          </SelectField>
        ) : (
          member.role
        )}
      </td>
      <td className="whitespace-nowrap text-quiet hidden sm:table-cell"><Day at={member.joined_at} /></td>
      <td className="figure acts">
        {may(organization, "own_organization") && !member.you && !may(own, "own_organization") && (
          <Button kind="quiet" aria-label={`Hand over to ${member.name}`} onClick={onTransfer}>
            Hand over
          </Button>
        )}
        {own?.assignable && !member.you && (
          <Button kind="quiet" aria-label={`Remove ${member.name}`} onClick={onRemove}>
            Remove
          </Button>
        )}
      </td>
    </tr>
  );
}

function RemoveDialog({ organization, member, onClose }: { organization: OrganizationDetail; member: Member | null; onClose: () => void }) {
  const guard = useGuard(`This changes who gets into ${organization.name}.`);
  const remove = useMutation({ mutationFn: (account: string) => guard(() => removeMember(organization.id, account)), onSuccess: onClose });
  return (
    <ConfirmDialog
      open={member !== null}
      title={`Remove ${member?.name}?`}
      verb="Remove member"
      otherwise="Keep member"
      busy={remove.isPending}
      error={remove.error && <Failed error={remove.error} what="Still a member." />}
      onConfirm={() => member && remove.mutate(member.account)}
      onClose={() => {
        remove.reset();
        onClose();
      }}
    >
      <p>{member?.name} sees nothing of {organization.name} from then on, and API tokens made for it end. Keys of subscriptions go on working.</p>
    </ConfirmDialog>
  );
}

function TransferDialog({ organization, member, onClose }: { organization: OrganizationDetail; member: Member | null; onClose: () => void }) {
  const note = useNote();
  const guard = useGuard(`This changes who owns ${organization.name}.`);
  const transfer = useMutation({
    mutationFn: (account: string) => guard(() => transferOrganization(organization.id, account)),
    onSuccess: () => {
      onClose();
      note(`${member?.name} is the owner now.`);
    },
  });
  return (
    <ConfirmDialog
      open={member !== null}
      title={`Hand ${organization.name} over to ${member?.name}?`}
      verb="Hand over"
      otherwise="Stay owner"
      busy={transfer.isPending}
      error={transfer.error && <Failed error={transfer.error} what="You are still the owner." />}
      onConfirm={() => member && transfer.mutate(member.account)}
      onClose={() => {
        transfer.reset();
        onClose();
      }}
    >
      <p>{member?.name} becomes owner, you become admin. Only an owner can undo it.</p>
    </ConfirmDialog>
  );
}
