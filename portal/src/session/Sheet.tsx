import type { ReactNode } from "react";
import { usePageTitle } from "~/design/usePage";

/** A page with one thing to do. */
export function Sheet({ title, lead, children, other }: { title: string; lead: ReactNode; children?: ReactNode; other?: ReactNode }) {
  usePageTitle(title);
  return (
    <div className="mx-auto max-w-form py-40 md:py-64">
      <h1 className="text-26 font-semibold">{title}</h1>
      <p className="text-quiet mt-4">{lead}</p>
      {children}
      {other && <p className="mt-24 pt-16 border-t border-line text-quiet text-13">{other}</p>}
    </div>
  );
}
