import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { take, tollgate } from "~/api/client";
import { queryClient } from "~/api/query";
import { useAway } from "~/api/reach";
import { Notice } from "~/design/Notice";

/** While nothing answers: what is shown may be old. It asks again by itself, and what failed meanwhile is read anew as soon as somebody is there. */
export function Away({ className }: { className?: string }) {
  const away = useAway();
  useQuery({
    queryKey: ["health"],
    queryFn: () => take(tollgate.GET("/_api/healthz")),
    enabled: away,
    retry: false,
    staleTime: 0,
    gcTime: 0,
    refetchInterval: 3000,
  });
  useEffect(() => {
    if (away) return () => void queryClient.refetchQueries({ type: "active" });
  }, [away]);
  return (
    <div aria-live="polite" className={away ? className : undefined}>
      {away && (
        <Notice title="Tollgate does not answer">What you see was read before, and nothing of it is lost. This page asks again every few seconds.</Notice>
      )}
    </div>
  );
}
