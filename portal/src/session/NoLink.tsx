import type { ReactNode } from "react";
import { Sheet } from "./Sheet";

/** Somebody came without what the mail's link has behind the #, or with a part of it only. */
export function NoLink({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Sheet title={title} lead="Open the link of the mail as it stands: a part of it is missing here.">
      <div className="mt-24">{children}</div>
    </Sheet>
  );
}
