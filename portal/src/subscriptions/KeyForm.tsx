import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "~/design/Button";
import { Dialog } from "~/design/Dialog";
import { AreaField, TextField } from "~/design/Field";
import { Segments } from "~/design/Segments";
import { Failed, Lines } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { endpointsQuery, type Endpoint, type Key, type KeyDraft } from "./data";

const most = 50;
const indexed = (name: string) => Array.from({ length: most }, (_, index) => `${name}.${index}`);
const addressFields = ["allowed_addresses", ...indexed("allowed_addresses")];
const scopeFields = ["scopes", ...indexed("scopes")];

const linesOf = (text: string): string[] =>
  text
    .split(/[\s,]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "");

interface KeyFormProps<T> {
  title: string;
  verb: string;
  what: string;
  subscriptionId: string;
  /** The key that is edited; none for a new one. */
  of?: Key;
  send: (draft: KeyDraft) => Promise<T>;
  onDone: (result: T) => void;
  onClose: () => void;
}

/** What a key is called, what it is for, from where, and until when. */
export function KeyForm<T>({ title, verb, what, subscriptionId, of, send, onDone, onClose }: KeyFormProps<T>) {
  const endpoints = useQuery(endpointsQuery(subscriptionId));
  const [some, setSome] = useState((of?.scopes.length ?? 0) > 0);
  const [chosen, setChosen] = useState<readonly string[]>(of?.scopes.map((scope) => scope.id) ?? []);
  const form = useForm(
    ["name", "expires_at", ...scopeFields, ...addressFields],
    (values) => {
      const day = textOf(values, "expires_at");
      // A date that was not touched keeps the hour that the key had.
      const kept = of?.expires_at?.slice(0, 10) === day ? of.expires_at : null;
      return send({
        name: textOf(values, "name"),
        scopes: some ? [...chosen] : [],
        allowed_addresses: linesOf(textOf(values, "allowed_addresses")),
        expires_at: day === "" ? null : (kept ?? `${day}T23:59:59Z`),
      });
    },
    onDone,
  );
  const noneChosen = some && chosen.length === 0;
  return (
    <Dialog open title={title} onClose={onClose}>
      <form className="grid gap-16" {...form.props}>
        {form.problem && <Failed error={form.problem} what={what} />}
        <TextField label="Name" name="name" data-focus maxLength={100} placeholder="production" defaultValue={of?.name} hint="Where it will be used, so that you know it again." error={form.errorOf("name")} />
        {endpoints.data && endpoints.data.data.length > 0 && (
          <div className="grid gap-8">
            <div className="flex">
              <Segments
                label="Which endpoints"
                value={some ? "some" : "all"}
                options={[
                  ["all", "All endpoints"],
                  ["some", "Only some"],
                ]}
                onChange={(value) => setSome(value === "some")}
              />
            </div>
            {some && <Endpoints all={endpoints.data.data} chosen={chosen} onChoose={setChosen} />}
            {form.errorOf(...scopeFields) && <p className="text-13 text-bad">{form.errorOf(...scopeFields)}</p>}
          </div>
        )}
        {endpoints.isPending && <Lines rows={1} />}
        <AreaField
          label="Addresses"
          name="allowed_addresses"
          mono
          rows={2}
          placeholder="192.0.2.0/24"
          defaultValue={of?.allowed_addresses.join("\n")}
          hint="It works from these only, one a line: addresses or CIDR ranges. Empty is everywhere."
          error={form.errorOf(...addressFields)}
        />
        <TextField label="Last day" name="expires_at" type="date" defaultValue={of?.expires_at?.slice(0, 10)} hint="It ends with this day (UTC). Empty is never." error={form.errorOf("expires_at")} />
        <footer className="flex justify-end gap-8">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" kind="signal" busy={form.busy} disabled={noneChosen}>
            {verb}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function Endpoints({ all, chosen, onChoose }: { all: readonly Endpoint[]; chosen: readonly string[]; onChoose: (chosen: readonly string[]) => void }) {
  return (
    <fieldset className="border border-line rounded-6 max-h-192 overflow-y-auto p-8">
      <legend className="sr-only">Endpoints that the key is for</legend>
      {all.map((endpoint) => (
        <label key={endpoint.id} className="flex items-center gap-8 py-2 text-13">
          <input
            type="checkbox"
            checked={chosen.includes(endpoint.id)}
            onChange={(event) => onChoose(event.target.checked ? [...chosen, endpoint.id] : chosen.filter((id) => id !== endpoint.id))}
          />
          <code className="break-all">{`${endpoint.method} ${endpoint.path}`}</code>
        </label>
      ))}
    </fieldset>
  );
}
