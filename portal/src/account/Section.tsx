import { useId, type ReactNode } from "react";

export function Section({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="border-t border-line pt-24 grid gap-16">
      <div>
        <h2 id={id} className="text-16 font-semibold">
          {title}
        </h2>
        <p className="text-quiet mt-2">{lead}</p>
      </div>
      {children}
    </section>
  );
}
