import type { ReactNode } from "react";
import { Beside } from "~/design/Beside";
import { CopyButton } from "~/design/Copy";
import { exactly } from "~/design/dates";
import { actionText, type AuditFilters, type Entry } from "./data";

interface EntryDetailProps {
  entry: Entry;
  onFilter: (change: Partial<AuditFilters>) => void;
  onClose: () => void;
}

/** All of one entry: from where, by what, and what it was before and is now. */
export function EntryDetail({ entry, onFilter, onClose }: EntryDetailProps) {
  return (
    <Beside label={actionText(entry.action)} title={actionText(entry.action)} onClose={onClose}>
      <dl className="grid gap-12 text-14">
        <Fact name="When">{exactly(entry.at)}</Fact>
        <Fact name="Who">
          <span className="break-all">{entry.actor}</span>
          {entry.credential && <Id text={entry.credential} />}
          {entry.on_behalf_of && (
            <span className="block text-quiet">
              for <Id text={entry.on_behalf_of} />
            </span>
          )}
        </Fact>
        {(entry.address ?? entry.user_agent) && (
          <Fact name="From">
            {entry.address && <code>{entry.address}</code>}
            {entry.user_agent && <span className="block text-12 text-quiet break-words">{entry.user_agent}</span>}
          </Fact>
        )}
        <Fact name="Subject">
          <Id text={entry.subject} />
          <button type="button" className="link text-13" onClick={() => onFilter({ subject: entry.subject, action: undefined, entry: undefined })}>
            All of it
          </button>
        </Fact>
        {entry.request_id && (
          <Fact name="Request">
            <Id text={entry.request_id} />
          </Fact>
        )}
        <Change name="Before" value={entry.before} />
        <Change name="After" value={entry.after} />
      </dl>
    </Beside>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-12 text-quiet">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

function Id({ text }: { text: string }) {
  return (
    <span className="flex items-center gap-4 min-w-0">
      <code className="text-12 break-all">{text}</code>
      <CopyButton text={text} name={`Copy ${text}`} />
    </span>
  );
}

function Change({ name, value }: { name: string; value: unknown }) {
  if (value === null || value === undefined) return null;
  return (
    <Fact name={name}>
      <pre className="text-12 whitespace-pre-wrap break-all">{JSON.stringify(value, null, 2)}</pre>
    </Fact>
  );
}
