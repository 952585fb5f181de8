import { Download } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";
import { envName } from "~/catalog/calls";
import type { Listing } from "~/catalog/data";
import { TryCall } from "~/catalog/TryCall";
import { Button } from "~/design/Button";
import { CopyButton } from "~/design/Copy";
import { saveFile } from "~/design/saveFile";
import { FirstCall } from "./FirstCall";

export interface IssuedKey {
  secret: string;
  prefix: string;
  subscriptionId: string;
  planName: string;
  apiName: string;
  /** Where to call it; undefined once the catalog lists it no more. */
  listing: Listing | undefined;
  /** What leads on from it: the key is gone then. */
  next: ReactNode;
}

/** The key, this once: to copy, to keep as a line of an .env file, and to use at once. */
export function KeyTicket({ issued }: { issued: IssuedKey }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
    heading.current?.scrollIntoView({ block: "center" });
  }, []);
  const slug = issued.listing?.slug ?? "tollgate";
  return (
    <section className="ticket" aria-label="Your new key">
      <div className="ticket-stub">
        <p className="text-12 text-quiet">Admit to</p>
        <p className="text-16 font-semibold break-words">{issued.apiName}</p>
        <p className="text-13 text-quiet">{issued.planName}</p>
        <p className="mt-12 text-12 text-quiet">
          Key <code>{issued.prefix}…</code>
        </p>
      </div>
      <div className="ticket-body">
        <h2 ref={heading} tabIndex={-1} className="text-13 text-quiet outline-none">
          Your key. It is shown this once.
        </h2>
        <code className="secret mt-4" aria-label="Key">
          {issued.secret}
        </code>
        <div className="flex flex-wrap gap-8 mt-12">
          <CopyButton text={issued.secret} label="Copy key" kind="signal" />
          <Button onClick={() => saveFile(`${slug}.env`, `${envName(slug)}=${issued.secret}\n`)}>
            <Download aria-hidden className="size-16" />
            Download as .env
          </Button>
        </div>
        <p className="text-13 text-quiet mt-12 max-w-prose">
          Tollgate keeps only a hash of it: once you leave this page, nobody can show it again. A lost key is no harm, make another and revoke this one.
        </p>
        <p className="mt-12">{issued.next}</p>
        {issued.listing && (
          <div className="grid gap-8 mt-20 pt-16 border-t border-line">
            <h3 className="font-medium">Test it now</h3>
            <TryCall listing={issued.listing} apiKey={issued.secret} name="A call with your key" />
            <FirstCall subscriptionId={issued.subscriptionId} />
          </div>
        )}
      </div>
    </section>
  );
}
