import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Button } from "~/design/Button";
import { ConfirmDialog } from "~/design/Dialog";
import { Day, When } from "~/design/Figures";
import { Failed } from "~/design/States";
import type { ApiToken } from "./data";

type Row = Pick<ApiToken, "id" | "name" | "prefix" | "scopes" | "last_used_at" | "expires_at">;

interface TokenTableProps<T extends Row> {
  rows: readonly T[];
  label: string;
  /** What stands below the name: whose it is, or for what. */
  about?: (token: T) => ReactNode;
  end: (token: T) => Promise<void>;
}

/** API tokens, one's own or those of members, each with the way to end it. */
export function TokenTable<T extends Row>({ rows, label, about, end }: TokenTableProps<T>) {
  const [ending, setEnding] = useState<T | null>(null);
  const mutation = useMutation({ mutationFn: end, onSuccess: () => setEnding(null) });
  return (
    <>
      <div className="scroll" tabIndex={0} role="region" aria-label={label}>
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
                  <code className="block text-12 text-quiet">{token.prefix}…</code>
                  {about && <span className="block text-12 text-quiet break-words">{about(token)}</span>}
                  <span className="block text-12 text-quiet break-words sm:hidden">
                    <code>{token.scopes.join(" ")}</code>, {token.expires_at ? <>until <Day at={token.expires_at} /></> : "never expires"}
                  </span>
                </td>
                <td className="hidden sm:table-cell">
                  <code className="text-12 break-words">{token.scopes.join(" ")}</code>
                </td>
                <td className="whitespace-nowrap">{token.last_used_at ? <When at={token.last_used_at} /> : "never"}</td>
                <td className="whitespace-nowrap hidden sm:table-cell">{token.expires_at ? <Day at={token.expires_at} /> : "never"}</td>
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
        busy={mutation.isPending}
        error={mutation.error && <Failed error={mutation.error} what="The token still works." />}
        onConfirm={() => ending && mutation.mutate(ending)}
        onClose={() => {
          mutation.reset();
          setEnding(null);
        }}
      >
        <p>Whatever uses it is refused from that moment. This cannot be undone.</p>
      </ConfirmDialog>
    </>
  );
}
