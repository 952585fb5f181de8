import { useState } from "react";
import { TextField } from "~/design/Field";
import { counted } from "~/design/format";
import { Button } from "~/design/Button";

export interface EndpointLine {
  method: string;
  path: string;
  summary?: string | null;
  operation_id?: string | null;
  tag?: string | null;
}

const firstShown = 40;

export function Method({ name }: { name: string }) {
  return (
    <span className="method" data-method={name.toUpperCase()}>
      {name.toUpperCase() === "DELETE" ? "DEL" : name.toUpperCase()}
    </span>
  );
}

/** The endpoints with a filter; long documents show the first part until asked. */
export function EndpointList({ endpoints }: { endpoints: readonly EndpointLine[] }) {
  const [typed, setTyped] = useState("");
  const [all, setAll] = useState(false);
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = endpoints.filter((each) => {
    const line = `${each.method} ${each.path} ${each.summary ?? ""} ${each.operation_id ?? ""} ${each.tag ?? ""}`.toLowerCase();
    return words.every((word) => line.includes(word));
  });
  const shown = all ? found : found.slice(0, firstShown);
  return (
    <div>
      {endpoints.length > 8 && (
        <div className="max-w-form mb-12">
          <TextField label="Filter endpoints" bare small type="search" placeholder="Filter by path, method or word" value={typed} onChange={(event) => setTyped(event.target.value)} />
        </div>
      )}
      <ul className="border-t border-line" aria-label="Endpoints">
        {shown.map((each) => (
          <li key={`${each.method} ${each.path}`} className="endpoint">
            <Method name={each.method} />
            <code className="break-words min-w-0">{each.path}</code>
            <p className="text-13 text-quiet">{each.summary}</p>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="py-12 text-quiet">No endpoint has all of these words.</p>}
      {found.length > shown.length && (
        <div className="pt-12">
          <Button onClick={() => setAll(true)}>Show all {counted(found.length, "endpoint")}</Button>
        </div>
      )}
    </div>
  );
}
