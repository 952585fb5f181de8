import { MoreHorizontal } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { When } from "~/design/Figures";
import { counted } from "~/design/format";
import type { Key } from "./data";

export type KeyAct = "edit" | "rotate" | "revoke";

/** Living keys first; what has ended stays to be recognized. */
export function KeyTable({ keys, onAct }: { keys: readonly Key[]; onAct: ((act: KeyAct, key: Key) => void) | undefined }) {
  if (keys.length === 0) return <p className="border-t border-line py-16 text-quiet">No keys. Calls need one{onAct ? ": create it here, it is shown once" : ""}.</p>;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Keys as a table">
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">For</th>
            <th scope="col" className="hidden sm:table-cell">
              Last used
            </th>
            <th scope="col" className="hidden sm:table-cell">
              Ends
            </th>
            <th scope="col">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys
            .toSorted((a, b) => Number(hasEnded(a)) - Number(hasEnded(b)))
            .map((key) => (
              <tr key={key.id} className={hasEnded(key) ? "text-quiet" : undefined}>
                <td>
                  <span className="block font-medium break-words">{key.name || "–"}</span>
                  <code className="text-12 text-quiet whitespace-nowrap">{key.prefix}…</code>
                  <span className="block text-12 text-quiet sm:hidden">
                    {key.last_used_at ? <>used <When at={key.last_used_at} /></> : "not used yet"}
                    {(key.revoked_at || key.expires_at) && <>, {key.revoked_at ? "" : "ends "}<End of={key} /></>}
                  </span>
                  {key.leaked_at && <span className="block text-12 text-bad">found in the open{key.leak_source ? `: ${key.leak_source}` : ""}</span>}
                </td>
                <td className="text-13">
                  <Purpose of={key} />
                </td>
                <td className="whitespace-nowrap hidden sm:table-cell">{key.last_used_at ? <When at={key.last_used_at} /> : "never"}</td>
                <td className="whitespace-nowrap hidden sm:table-cell">
                  <End of={key} />
                </td>
                <td className="figure">{!key.revoked_at && onAct && <Acts of={key} onAct={onAct} />}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

const hasEnded = (key: Key): boolean => key.revoked_at !== null || (key.expires_at !== null && new Date(key.expires_at).getTime() <= Date.now());

function Purpose({ of }: { of: Key }) {
  const scopes = of.scopes.map((scope) => (scope.path ? `${scope.method} ${scope.path}` : "an endpoint that is gone"));
  return (
    <>
      <span className="block" title={scopes.join("\n") || undefined}>
        {scopes.length === 0 ? "all endpoints" : scopes.length === 1 ? <code className="break-all">{scopes[0]}</code> : counted(scopes.length, "endpoint")}
      </span>
      {of.allowed_addresses.length > 0 && (
        <span className="block text-12 text-quiet break-words" title={of.allowed_addresses.join("\n")}>
          from {of.allowed_addresses.length === 1 ? of.allowed_addresses[0] : counted(of.allowed_addresses.length, "address range")}
        </span>
      )}
    </>
  );
}

function End({ of }: { of: Key }) {
  if (of.revoked_at)
    return (
      <>
        revoked <When at={of.revoked_at} />
      </>
    );
  // Its last day was chosen by UTC.
  return of.expires_at ? <When at={of.expires_at} zone="UTC" /> : "never";
}

function Acts({ of, onAct }: { of: Key; onAct: (act: KeyAct, key: Key) => void }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="button" data-kind="quiet" data-icon aria-label={`Change key ${of.name || of.prefix}`}>
        <MoreHorizontal aria-hidden className="size-16" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu z-50" align="end" sideOffset={4} collisionPadding={8}>
          {!hasEnded(of) && <DropdownMenu.Item onSelect={() => onAct("rotate", of)}>Rotate key</DropdownMenu.Item>}
          <DropdownMenu.Item onSelect={() => onAct("edit", of)}>Edit key</DropdownMenu.Item>
          <DropdownMenu.Item onSelect={() => onAct("revoke", of)}>Revoke key</DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
