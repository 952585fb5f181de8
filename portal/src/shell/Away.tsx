import { useQuery } from "@tanstack/react-query";
import { ask, useAway } from "~/api/reach";
import { Notice } from "~/design/Notice";

/** While nothing answers: what is shown may be old. It asks again by itself; what failed meanwhile is then read anew (`api/query.ts`). */
export function Away({ className }: { className?: string }) {
  const away = useAway();
  useQuery({ queryKey: ["health"], queryFn: ask, enabled: away, retry: false, staleTime: 0, gcTime: 0, refetchInterval: 3000 });
  return (
    <div aria-live="polite" className={away ? className : undefined}>
      {away && (
        <Notice title="Tollgate does not answer">What you see was read before, and nothing of it is lost. This page asks again every few seconds.</Notice>
      )}
    </div>
  );
}
