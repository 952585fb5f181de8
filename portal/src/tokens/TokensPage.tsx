import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { StepUpProvider } from "~/account/StepUp";
import { failureOf } from "~/api/query";
import { Button } from "~/design/Button";
import { CopyButton } from "~/design/Copy";
import { arrive } from "~/design/focus";
import { counted } from "~/design/format";
import { Empty, Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { useSession } from "~/session/data";
import { endToken, tokensQuery, type NewApiToken } from "./data";
import { NewToken } from "./NewToken";
import { TokenTable } from "./TokenTable";

export function TokensPage() {
  const query = useQuery(tokensQuery);
  const organizations = useSession()?.organizations ?? [];
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
      {failureOf(query) ? (
        <Failed error={query.error} what="The tokens could not be read." retry={() => void query.refetch()} />
      ) : !query.data ? (
        <Lines rows={3} />
      ) : query.data.length === 0 ? (
        <Empty title="You have no API tokens yet" action={create} example="For example: a token with apis:write that publishes from CI, for one organization, for 90 days.">
          A token stands for you where nobody can sign in: in scripts, in CI, in the command line. It does what its scopes allow and never more than your role.
        </Empty>
      ) : (
        <TokenTable
          rows={query.data}
          label="Tokens as a table"
          about={(token) => token.organization_id && `${organizations.find((each) => each.id === token.organization_id)?.name ?? "one organization"} only`}
          end={(token) => endToken(token.id)}
        />
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
      <p ref={arrive} tabIndex={-1} className="font-medium outline-none break-words">
        {issued.token.name} is ready. Its secret is shown this once.
      </p>
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
