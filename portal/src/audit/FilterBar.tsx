import type { FormEvent } from "react";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { textOf } from "~/design/useForm";
import type { AuditFilters } from "./data";

const names = ["action", "subject", "from", "to"] as const;

export function FilterBar({ filters, onChange }: { filters: AuditFilters; onChange: (change: Partial<AuditFilters>) => void }) {
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    onChange({ ...Object.fromEntries(names.map((name) => [name, textOf(values, name) || undefined])), entry: undefined });
  };
  const any = names.some((name) => filters[name]);
  return (
    <form key={names.map((name) => filters[name] ?? "").join("|")} role="search" className="flex flex-wrap items-end gap-8" onSubmit={search}>
      <TextField small label="Action" name="action" placeholder="key or key.revoked" defaultValue={filters.action} autoComplete="off" />
      <TextField small label="Subject" name="subject" mono placeholder="key_…" defaultValue={filters.subject} autoComplete="off" />
      <TextField small label="From (UTC)" name="from" type="date" defaultValue={filters.from} />
      <TextField small label="To (UTC)" name="to" type="date" defaultValue={filters.to} />
      <Button type="submit">Search</Button>
      {any && (
        <Button kind="quiet" onClick={() => onChange({ action: undefined, subject: undefined, from: undefined, to: undefined, entry: undefined })}>
          Clear
        </Button>
      )}
    </form>
  );
}
