import { QueryClient } from "@tanstack/react-query";
import { toError } from "./problem";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // Only what may pass by itself is tried again: no answer, or a gateway that is restarting.
      retry: (failures, cause) => failures < 2 && [0, 502, 503, 504].includes(toError(cause).status),
      refetchOnWindowFocus: true,
    },
  },
});
