import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "~/design/Button";
import { onDate } from "~/design/dates";
import { ConfirmDialog } from "~/design/Dialog";
import { When } from "~/design/Figures";
import { Failed, Lines } from "~/design/States";
import { endMembersToken, membersTokensQuery, type MembersToken, type OrganizationDetail } from "./data";

/** What scripts of members do in the organization's name; whoever manages it ends them. */
export function TokensSection({ organization }: { organization: OrganizationDetail }) {
  const query = useQuery(membersTokensQuery(organization.id));
  const [ending, setEnding] = useState<MembersToken | null>(null);
  const end = useMutation({ mutationFn: (token: MembersToken) => endMembersToken(organization.id, token.id), onSuccess: () => setEnding(null) });
  return (
    <section aria-labelledby="members-tokens">
      <h2 id="members-tokens" className="text-20 font-semibold mb-8">
        API tokens of members
      </h2>
      {query.error ? (
        <Failed error={query.error} what="The tokens could not be read." retry={() => void query.refetch()} />
      ) : !query.data ? (
        <Lines rows={1} />
      ) : query.data.length === 0 ? (
        <p className="border-t border-line py-16 text-quiet">No member has made a token for {organization.name} alone. One for all organizations of a member is not listed: it ends with the membership here.</p>
      ) : (
        <TokenTable rows={query.data} onEnd={setEnding} />
      )}
      <ConfirmDialog
        open={ending !== null}
        title={`End ${ending?.name}?`}
        verb="End token"
        busy={end.isPending}
        error={end.error && <Failed error={end.error} what="The token still works." />}
        onConfirm={() => ending && end.mutate(ending)}
        onClose={() => {
          end.reset();
          setEnding(null);
        }}
      >
        <p>Whatever uses it is refused from that moment. This cannot be undone.</p>
      </ConfirmDialog>
    </section>
  );
}

function TokenTable({ rows, onEnd }: { rows: readonly MembersToken[]; onEnd: (token: MembersToken) => void }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Tokens of members as a table">
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">Token</th>
            <th scope="col" className="hidden sm:table-cell">
              May
            </th>
            <th scope="col">Last used</th>
            <th scope="col" className="hidden sm:table-cell">
              Expires
            </th>
            <th scope="col">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((token) => (
            <tr key={token.id}>
              <td>
                <span className="font-medium break-words">{token.name}</span>
                <span className="block text-12 text-quiet break-words">
                  of {token.account}, <code>{token.prefix}…</code>
                </span>
              </td>
              <td className="hidden sm:table-cell">
                <code className="text-12 break-words">{token.scopes.join(" ")}</code>
              </td>
              <td className="whitespace-nowrap">{token.last_used_at ? <When at={token.last_used_at} /> : "never"}</td>
              <td className="whitespace-nowrap hidden sm:table-cell">{token.expires_at ? onDate(token.expires_at) : "never"}</td>
              <td className="figure">
                <Button kind="quiet" aria-label={`End token ${token.name}`} onClick={() => onEnd(token)}>
                  End
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
