import { useRouterState } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { toError } from "~/api/problem";
import { placeOf } from "~/session/next";
import { Button, ButtonLink } from "./Button";
import { CopyButton } from "./Copy";

/** One sentence what will be here, one action, one example. */
export function Empty({ title, children, action, example }: { title: string; children: ReactNode; action?: ReactNode; example?: ReactNode }) {
  return (
    <div className="border-t border-line py-40 max-w-prose">
      <p className="text-16 font-semibold">{title}</p>
      <p className="text-quiet mt-4">{children}</p>
      {action && <div className="mt-16">{action}</div>}
      {example && <div className="mt-24 text-13 text-quiet">{example}</div>}
    </div>
  );
}

/** What happened, what it means, what to do, and the request id for whoever can look it up. */
export function Failed({ error, retry, what }: { error: unknown; retry?: () => void; what?: string }) {
  const problem = toError(error);
  // Of a change nobody knows, without an answer or with a bad one, whether it was made; what can be retried is reading.
  const unsure = problem.status >= 500 || problem.code === "UNREACHABLE";
  return (
    <div role="alert" className="border-l-2 border-bad pl-16 py-4 max-w-prose">
      <p className="font-medium">{what ?? "That did not work."}</p>
      <p className="text-quiet mt-2">{problem.message}</p>
      {unsure && <p className="text-quiet mt-2">{retry ? "Nothing of yours was changed or lost." : "It may have been done all the same: look before you do it again."}</p>}
      <div className="flex flex-wrap items-center gap-x-12 gap-y-4 mt-8 text-12 text-quiet">
        {retry && <Button onClick={retry}>Try again</Button>}
        {mendedThere.includes(problem.code) && <ToSecurity />}
        <code>{problem.code}</code>
        {problem.requestId && (
          <span className="inline-flex items-center gap-4">
            Request <code>{problem.requestId}</code>
            <CopyButton text={problem.requestId} name="Copy request id" />
          </span>
        )}
      </div>
    </div>
  );
}

const mendedThere: readonly string[] = ["SECOND_FACTOR_REQUIRED", "NO_SECOND_FACTOR", "EMAIL_NOT_VERIFIED"];

/** Where a second factor is set up and an address confirmed, and back. */
function ToSecurity() {
  const next = useRouterState({ select: (state) => placeOf(state.location) });
  return (
    <ButtonLink to="/account" search={{ next }}>
      Account security
    </ButtonLink>
  );
}

/** A placeholder in the real layout; it shows itself only after 150 ms. */
export function Lines({ rows = 5, tall = false }: { rows?: number; tall?: boolean }) {
  return (
    <div role="status" aria-label="Loading" className="grid">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={`border-b border-line grid gap-8 ${tall ? "py-20" : "py-12"}`}>
          <div className={`skeleton h-16 ${row % 2 === 0 ? "w-1/3" : "w-1/4"}`} />
          {tall && <div className="skeleton h-12 w-2/3" />}
        </div>
      ))}
    </div>
  );
}
