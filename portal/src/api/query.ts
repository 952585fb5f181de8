import { QueryClient } from "@tanstack/react-query";
import { toError } from "./problem";
import { isAway, onReach } from "./reach";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // Only what may pass by itself is tried again: no answer, or a gateway that is restarting.
      retry: (failures, cause) => failures < 2 && [0, 502, 503, 504].includes(toError(cause).status),
      refetchOnWindowFocus: true,
      // The program may be on this machine or in this house: what the browser thinks of the Internet says nothing of it.
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

// What failed while nobody answered is read anew as soon as somebody is there. What is being tried just now goes on, at its own pace.
onReach(() => {
  if (isAway()) return;
  void queryClient.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" }, { cancelRefetch: false });
});

/** What stands in the way of showing a page: what failed for good. What was read before stays while an answer is only late. */
export function failureOf(query: { error: unknown; data: unknown }): unknown {
  if (query.error === null || query.data === undefined) return query.error;
  const { status } = toError(query.error);
  return status === 0 || status === 429 || status >= 500 ? null : query.error;
}
