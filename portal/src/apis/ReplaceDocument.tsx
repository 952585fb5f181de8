import { useState } from "react";
import type { Tagged } from "~/api/client";
import { Button } from "~/design/Button";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { useForm } from "~/design/useForm";
import { replaceDocument, type Api } from "./data";
import { DocumentField } from "./DocumentField";

/** A newer document for the same API: endpoints and findings follow it, keys and plans stay. */
export function ReplaceDocument({ tagged }: { tagged: Tagged<Api> }) {
  const [open, setOpen] = useState(false);
  const [document, setDocument] = useState("");
  const [accepted, setAccepted] = useState(false);
  const note = useNote();
  const form = useForm(
    ["openapi"],
    () => replaceDocument(tagged, document, accepted),
    () => {
      setOpen(false);
      setDocument("");
      note("The document is replaced.");
    },
  );
  if (!open)
    return (
      <div className="flex justify-end mb-12">
        <Button onClick={() => setOpen(true)}>Replace the document</Button>
      </div>
    );
  const refused = form.problem?.code === "FINDINGS_NOT_ACCEPTED";
  return (
    <form className="grid gap-16 mb-32 max-w-prose" {...form.props} aria-label="Replace the document">
      {form.problem && <Failed error={form.problem} what="The document was not replaced." />}
      <DocumentField value={document} error={form.errorOf("openapi")} onChange={setDocument} />
      {refused && (
        <label className="flex items-start gap-8">
          <input type="checkbox" checked={accepted} onChange={(event) => setAccepted(event.target.checked)} className="check mt-4" />
          <span>Replace it although the new document has errors. It is live at once.</span>
        </label>
      )}
      <div className="flex gap-8">
        <Button type="submit" kind="signal" busy={form.busy}>
          Replace the document
        </Button>
        <Button onClick={() => setOpen(false)}>Keep the old one</Button>
      </div>
    </form>
  );
}
