import { useQuery } from "@tanstack/react-query";
import { failureOf } from "~/api/query";
import { Failed, Lines } from "~/design/States";
import { TokenTable } from "~/tokens/TokenTable";
import { endMembersToken, membersTokensQuery, type OrganizationDetail } from "./data";

/** What scripts of members do in the organization's name; whoever manages it ends them. */
export function TokensSection({ organization }: { organization: OrganizationDetail }) {
  const query = useQuery(membersTokensQuery(organization.id));
  return (
    <section aria-labelledby="members-tokens">
      <h2 id="members-tokens" className="text-20 font-semibold mb-8">
        API tokens of members
      </h2>
      {failureOf(query) ? (
        <Failed error={query.error} what="The tokens could not be read." retry={() => void query.refetch()} />
      ) : !query.data ? (
        <Lines rows={1} />
      ) : query.data.length === 0 ? (
        <p className="border-t border-line py-16 text-quiet">No member has made a token for {organization.name} alone. One for all organizations of a member is not listed: it ends with the membership here.</p>
      ) : (
        <TokenTable rows={query.data} label="Tokens of members as a table" about={(token) => `of ${token.account}`} end={(token) => endMembersToken(organization.id, token.id)} />
      )}
    </section>
  );
}
