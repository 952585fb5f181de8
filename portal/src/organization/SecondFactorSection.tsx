import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useGuard } from "~/account/StepUp";
import { AskFirst } from "~/design/AskFirst";
import { counted } from "~/design/format";
import { useNote } from "~/design/Toasts";
import { may } from "~/session/organization";
import { askSecondFactor, membersQuery, membersTokensQuery, type OrganizationDetail } from "./data";

/** Whether a password alone opens the organization. Everybody who manages it reads that; an owner changes it. */
export function SecondFactorSection({ organization }: { organization: OrganizationDetail }) {
  const asked = organization.require_second_factor;
  const mayAsk = may(organization, "own_organization");
  return (
    <section aria-labelledby="second-factor">
      <h2 id="second-factor" className="text-20 font-semibold mb-8">
        Second factor
      </h2>
      <p className="text-quiet max-w-prose mb-12">
        {asked
          ? `Asked of every member: who has not shown an authenticator app or a passkey sees nothing of ${organization.name}.`
          : "Not asked. A member's password, or a mailbox, is enough to act here."}
        {!mayAsk && " An owner can change that."}
      </p>
      {mayAsk && (asked ? <AskNoMore organization={organization} /> : <Ask organization={organization} />)}
    </section>
  );
}

function Ask({ organization }: { organization: OrganizationDetail }) {
  const note = useNote();
  const guard = useGuard(`This asks a second factor of all members of ${organization.name}.`);
  const tokens = useQuery(membersTokensQuery(organization.id)).data ?? [];
  const ending = tokens.filter((token) => !token.second_factor).length;
  const members = useQuery(membersQuery(organization.id)).data ?? [];
  const lacking = members.filter((member) => member.second_factor === false).map((member) => member.name);
  return (
    <AskFirst
      label="Ask for a second factor"
      kind="plain"
      title={`Ask every member of ${organization.name} for a second factor?`}
      verb="Ask for it"
      otherwise="Not now"
      failed="Nothing was changed."
      act={() => guard(() => askSecondFactor(organization.id, true))}
      done={() => note("Every member is asked for a second factor now, and is mailed that.")}
    >
      <p>At once, for everybody, owners too. Who has not shown an authenticator app or a passkey sees nothing of {organization.name} until then, and is led to where one is set up. All members are mailed.</p>
      {lacking.length > 0 && <p>{lacking.length === members.length ? "Nobody has one yet." : `Without one today: ${lacking.join(", ")}.`}</p>}
      <p>
        {ending === 0 ? "API tokens that were made without one do" : `${counted(ending, "API token")} of members, made without one, ${ending === 1 ? "does" : "do"}`} nothing here from then on. Keys of subscriptions go on working.
      </p>
      <p>
        You need one yourself first:{" "}
        <Link to="/account" search={{ next: "/organization" }} className="link text-ink">
          account security
        </Link>
        .
      </p>
    </AskFirst>
  );
}

function AskNoMore({ organization }: { organization: OrganizationDetail }) {
  const note = useNote();
  const guard = useGuard(`This lets a password alone into ${organization.name}.`);
  return (
    <AskFirst
      label="Ask no more"
      title={`Ask for no second factor in ${organization.name} any more?`}
      verb="Ask no more"
      otherwise="Go on asking"
      failed="It is still asked for."
      act={() => guard(() => askSecondFactor(organization.id, false))}
      done={() => note("No second factor is asked for any more.")}
    >
      <p>A member's password, or a mailbox, lets in again. Who has a second factor keeps it, and it is still asked at their sign-in.</p>
    </AskFirst>
  );
}
