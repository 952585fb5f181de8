import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Tagged } from "~/api/client";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { textOf, useForm } from "~/design/useForm";
import { updateApi, type Api } from "./data";

/** Secrets for the upstream. They can be replaced and removed, never read. */
export function UpstreamHeaders({ tagged }: { tagged: Tagged<Api> }) {
  const headers = tagged.value.upstream_headers;
  const note = useNote();
  const [filled, setFilled] = useState(0);
  const form = useForm(
    ["upstream_headers", "upstream_headers.0.name", "upstream_headers.0.value"],
    (values) => updateApi(tagged, { upstream_headers: [...kept(headers, textOf(values, "header")), { name: textOf(values, "header"), value: textOf(values, "value") }] }),
    () => {
      note("The header is saved.");
      setFilled(filled + 1);
    },
  );
  const removal = useMutation({
    mutationFn: (name: string) => updateApi(tagged, { upstream_headers: kept(headers, name) }),
    onSuccess: () => note("The header is removed."),
  });
  const last = headers.length;
  return (
    <section aria-labelledby="headers">
      <h2 id="headers" className="text-20 font-semibold">
        Headers for the upstream
      </h2>
      <p className="text-quiet mt-4">Sent with each call, such as the upstream’s own key. Values are kept encrypted and are never shown again.</p>
      <ul className="mt-12">
        {headers.map((each) => (
          <li key={each.name} className="flex items-center justify-between gap-16 border-t border-line py-8">
            <code className="min-w-0 break-words">{each.name}: ••••••</code>
            <Button kind="quiet" aria-label={`Remove header ${each.name}`} busy={removal.isPending && removal.variables === each.name} onClick={() => removal.mutate(each.name)}>
              Remove
            </Button>
          </li>
        ))}
      </ul>
      {removal.error && <Failed error={removal.error} what="The header was not removed." />}
      <form key={filled} className="grid sm:grid-cols-2 gap-12 border-t border-line pt-16" {...form.props} aria-label="Add a header">
        {form.problem && (
          <div className="sm:col-span-2">
            <Failed error={form.problem} what="The header was not saved." />
          </div>
        )}
        <TextField label="Header name" name="header" mono small placeholder="x-upstream-key" error={form.errorOf(`upstream_headers.${last}.name`, "upstream_headers")} />
        <TextField label="Header value" name="value" type="password" autoComplete="off" mono small error={form.errorOf(`upstream_headers.${last}.value`)} />
        <div>
          <Button type="submit" busy={form.busy}>
            Save header
          </Button>
        </div>
      </form>
    </section>
  );
}

/** A header that is named without a value keeps the one that is stored. */
const kept = (headers: Api["upstream_headers"], without: string) =>
  headers.filter((each) => each.name.toLowerCase() !== without.toLowerCase()).map((each) => ({ name: each.name, value: null }));
