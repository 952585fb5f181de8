import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { StepUpProvider } from "~/account/StepUp";
import { failureOf } from "~/api/query";
import { Button } from "~/design/Button";
import { When } from "~/design/Figures";
import { counted } from "~/design/format";
import { Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { chooseOrganization, may, useOrganization } from "~/session/organization";
import { membersQuery, organizationQuery, type OrganizationDetail } from "./data";
import { EndSection } from "./EndSection";
import { InvitationsSection } from "./InvitationsSection";
import { MembersSection } from "./MembersSection";
import { NewOrganization } from "./NewOrganization";
import { OrganizationSettings } from "./OrganizationSettings";
import { SecondFactorSection } from "./SecondFactorSection";
import { TokensSection } from "./TokensSection";

export function OrganizationPage() {
  const current = useOrganization();
  const query = useQuery(organizationQuery(current?.id));
  const members = useQuery({ ...membersQuery(current?.id ?? ""), enabled: current !== undefined && !current.personal });
  const [making, setMaking] = useState(false);
  const title = titleOf(query.data, members.data?.length);
  usePageTitle(title);
  return (
    <>
      <header className="flex flex-wrap items-center justify-between gap-16 mb-24">
        <h1 className="text-26 font-semibold">{title}</h1>
        <Button onClick={() => setMaking(true)}>New organization</Button>
      </header>
      {failureOf(query) ? (
        <Failed error={query.error} what="The organization could not be read." retry={() => void query.refetch()} />
      ) : !query.data ? (
        <Lines rows={4} />
      ) : (
        <StepUpProvider>
          <Body key={query.data.id} organization={query.data} />
        </StepUpProvider>
      )}
      {making && (
        <NewOrganization
          onClose={() => setMaking(false)}
          onDone={(made) => {
            setMaking(false);
            chooseOrganization(made.id);
          }}
        />
      )}
    </>
  );
}

function titleOf(organization: OrganizationDetail | undefined, members: number | undefined): string {
  if (!organization) return "Organization";
  if (organization.personal) return `${organization.name}, yours alone`;
  return members === undefined ? organization.name : `${organization.name}, ${counted(members, "member")}`;
}

function Body({ organization }: { organization: OrganizationDetail }) {
  return (
    <div className="stack">
      {organization.suspension && (
        <p className="max-w-prose">
          Those who run this installation suspended {organization.name} <When at={organization.suspension.since} />. They say: “{organization.suspension.reason}” Only they can lift it.
        </p>
      )}
      {organization.personal ? (
        <p className="max-w-prose text-quiet">Your personal organization has no other members. To work with others, make an organization and invite them.</p>
      ) : (
        <>
          <MembersSection organization={organization} />
          {may(organization, "manage_members") && <InvitationsSection organization={organization} />}
          {may(organization, "manage_organization") && <TokensSection organization={organization} />}
        </>
      )}
      {may(organization, "manage_organization") && <OrganizationSettings key={`${organization.slug} ${organization.name} ${organization.time_zone}`} organization={organization} />}
      {!organization.personal && may(organization, "manage_organization") && <SecondFactorSection organization={organization} />}
      {!organization.personal && <EndSection organization={organization} />}
    </div>
  );
}
