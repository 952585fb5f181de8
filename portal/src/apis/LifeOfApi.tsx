import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "~/design/Button";
import { ConfirmDialog } from "~/design/Dialog";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { archiveApi, unpublishApi, type Api } from "./data";

/** Taking an API off sale, and out of the way. */
export function LifeOfApi({ api }: { api: Api }) {
  const [asked, setAsked] = useState<"unpublish" | "archive" | null>(null);
  const note = useNote();
  const mutation = useMutation({
    mutationFn: (what: "unpublish" | "archive") => (what === "unpublish" ? unpublishApi(api.id) : archiveApi(api.id)),
    onSuccess: (_, what) => {
      setAsked(null);
      note(`${api.name} is ${what === "unpublish" ? "unpublished" : "archived"}.`);
    },
  });
  const close = () => {
    setAsked(null);
    mutation.reset();
  };
  if (api.status === "archived") return null;
  return (
    <section aria-labelledby="life" className="grid gap-16">
      <h2 id="life" className="text-20 font-semibold">
        Off sale
      </h2>
      {api.status === "published" && (
        <div className="flex flex-wrap items-center justify-between gap-12 border-t border-line pt-16">
          <p className="text-quiet">Unpublishing takes it out of the catalog: nobody new can subscribe. Who is subscribed goes on.</p>
          <Button onClick={() => setAsked("unpublish")}>Unpublish API</Button>
        </div>
      )}
      <div className="flex flex-wrap items-center justify-between gap-12 border-t border-line pt-16">
        <p className="text-quiet">Archiving ends it for good. It must have no subscribers, so unpublish it first.</p>
        <Button onClick={() => setAsked("archive")}>Archive API</Button>
      </div>
      <ConfirmDialog
        open={asked !== null}
        title={asked === "archive" ? `Archive ${api.name}?` : `Unpublish ${api.name}?`}
        verb={asked === "archive" ? "Archive API" : "Unpublish API"}
        otherwise={asked === "archive" ? "Keep it" : "Keep it on sale"}
        busy={mutation.isPending}
        error={mutation.error && <Failed error={mutation.error} what="Nothing was changed." />}
        onConfirm={() => asked && mutation.mutate(asked)}
        onClose={close}
      >
        <p>{asked === "archive" ? "It is not served any more and cannot be published again. Its usage and invoices stay." : "It leaves the catalog and nobody new can subscribe. Its subscribers go on calling it. It can be published again."}</p>
      </ConfirmDialog>
    </section>
  );
}
