import type { ReactNode } from "react";

/** What holds for the whole page until somebody changes it, said before everything else. */
export function Notice({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <section aria-label={title} className="border-l-2 border-bad pl-16 py-4 mb-24 max-w-prose">
      <p className="font-medium">{title}</p>
      {children && <div className="text-quiet mt-2">{children}</div>}
    </section>
  );
}
