import { useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";
import { ApiError, unreachable } from "~/api/problem";
import { ask } from "~/api/reach";
import { Failed, Lines } from "~/design/States";

/**
 * A page whose code is fetched when it is first gone to. Where nothing answers, the frame around it stays and the code is asked for again;
 * the router's own way is to load the window anew, which leaves the browser's error page where the portal was.
 */
export function lazyPage<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  let Found: ComponentType | undefined;
  const bring = async (): Promise<ComponentType> => (Found ??= (await load())[name]);
  const look = async (): Promise<ComponentType> => {
    try {
      return await bring();
    } catch {
      throw (await ask()) ? anotherVersion() : unreachable();
    }
  };
  function Page() {
    const query = useQuery({ queryKey: ["code", name], queryFn: look, enabled: Found === undefined });
    const Here = Found ?? query.data;
    if (Here) return <Here />;
    if (!query.error) return <Lines rows={6} tall />;
    return <Failed error={query.error} what="This page did not arrive." retry={() => (query.error instanceof ApiError && query.error.code === outdated ? location.reload() : void query.refetch())} />;
  }
  // The router waits for it before it leaves the page that is shown.
  return Object.assign(Page, { preload: () => (Found ? undefined : bring().then(ignore, ignore)) });
}

const ignore = (): void => undefined;
const outdated = "OUTDATED";

/** Its pages have other addresses, which the window learns when it is loaded anew: by itself, unless that was done just now. */
function anotherVersion(): ApiError {
  const [arrival] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (arrival?.type !== "reload") location.reload();
  return new ApiError(0, outdated, "Another version of Tollgate was installed meanwhile. Try again loads it.", null);
}
