import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { StepUpProvider } from "~/account/StepUp";
import { Button } from "~/design/Button";
import { CopyButton } from "~/design/Copy";
import { onDate } from "~/design/dates";
import { ConfirmDialog } from "~/design/Dialog";
import { When } from "~/design/Figures";
import { counted } from "~/design/format";
import { Empty, Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { useSession } from "~/session/data";
import { endToken, tokensQuery, type ApiToken, type NewApiToken } from "./data";
import { NewToken } from "./NewToken";

export function TokensPage() {
  const query = useQuery(tokensQuery);
  const [making, setMaking] = useState(false);
  const [issued, setIssued] = useState<NewApiToken | null>(null);
  const title = query.data && query.data.length > 0 ? counted(query.data.length, "API token") : "API tokens";
  usePageTitle(title);
  const create = (
    <Button kind="signal" onClick={() => setMaking(true)}>
      Create a token
    </Button>
  );
  return (
    <>
      <header className="flex flex-wrap items-center justify-between gap-16 mb-24">
        <h1 className="text-26 font-semibold">{title}</h1>
        {query.data && query.data.length > 0 && create}
      </header>
      {issued && <Issued issued={issued} onKept={() => setIssued(null)} />}
      {query.error && !query.data ? (
        <Failed error={query.error} what="The tokens could not be read." retry={() => void query.refetch()} />
      ) : !query.data ? (
        <Lines rows={3} />
      ) : query.data.length === 0 ? (
        <Empty title="You have no API tokens yet" action={create} example="For example: a token with apis:write that publishes from CI, for one organization, for 90 days.">
          A token stands for you where nobody can sign in: in scripts, in CI, in the command line. It does what its scopes allow and never more than your role.
        </Empty>
      ) : (
        <TokenTable rows={query.data} />
      )}
      {making && (
        <StepUpProvider>
          <NewToken
            onClose={() => setMaking(false)}
            onDone={(made) => {
              setMaking(false);
              setIssued(made);
            }}
          />
        </StepUpProvider>
      )}
    </>
  );
}

function Issued({ issued, onKept }: { issued: NewApiToken; onKept: () => void }) {
  return (
    <section aria-label="The new token" className="border-l-2 border-signal pl-16 py-4 mb-24 max-w-prose">
      <p className="font-medium">{issued.token.name} is ready. Its secret is shown this once.</p>
      <p className="flex flex-wrap items-center gap-8 mt-8">
        <code className="break-all">{issued.secret}</code>
        <CopyButton text={issued.secret} name="Copy token" />
      </p>
      <p className="text-13 text-quiet mt-8">
        Send it as <code>Authorization: Bearer tgp_…</code>
      </p>
      <Button className="mt-12" onClick={onKept}>
        I have kept it
      </Button>
    </section>
  );
}

function TokenTable({ rows }: { rows: readonly ApiToken[] }) {
  const organizations = useSession()?.organizations ?? [];
  const [ending, setEnding] = useState<ApiToken | null>(null);
  const end = useMutation({ mutationFn: endToken, onSuccess: () => setEnding(null) });
  return (
    <>
      <div className="scroll" tabIndex={0} role="region" aria-label="Tokens as a table">
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
                  <span className="font-medium">{token.name}</span>
                  <code className="block text-12 text-quiet">{token.prefix}…</code>
                  {token.organization_id && <span className="block text-12 text-quiet">{organizations.find((each) => each.id === token.organization_id)?.name ?? "one organization"} only</span>}
                </td>
                <td className="hidden sm:table-cell">
                  <code className="text-12 break-words">{token.scopes.join(" ")}</code>
                </td>
                <td className="whitespace-nowrap">{token.last_used_at ? <When at={token.last_used_at} /> : "never"}</td>
                <td className="whitespace-nowrap hidden sm:table-cell">{token.expires_at ? onDate(token.expires_at) : "never"}</td>
                <td className="figure">
                  <Button kind="quiet" aria-label={`End token ${token.name}`} onClick={() => setEnding(token)}>
                    End
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <ConfirmDialog
        open={ending !== null}
        title={`End ${ending?.name}?`}
        verb="End token"
        busy={end.isPending}
        error={end.error && <Failed error={end.error} what="The token still works." />}
        onConfirm={() => ending && end.mutate(ending.id)}
        onClose={() => setEnding(null)}
      >
        <p>Whatever uses it is refused from that moment. This cannot be undone.</p>
      </ConfirmDialog>
    </>
  );
}
