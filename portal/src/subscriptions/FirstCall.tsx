import { useQuery } from "@tanstack/react-query";
import { milliseconds } from "~/design/format";
import { StatusChip } from "~/usage/StatusChip";
import { lastCallQuery } from "~/usage/data";
import { useState } from "react";

/** Watches for a call made after this was shown. It needs no call from the browser: the request log tells. */
export function FirstCall({ subscriptionId }: { subscriptionId: string }) {
  const [since] = useState(() => Date.now() - 2000);
  const last = useQuery({
    ...lastCallQuery({ subscription: subscriptionId }),
    refetchInterval: (query) => (query.state.data && new Date(query.state.data.at).getTime() > since ? false : 2000),
  }).data;
  const arrived = last && new Date(last.at).getTime() > since;
  return (
    <div className="flex flex-wrap items-center gap-x-12 gap-y-8 text-13 min-h-32" role="status">
      {arrived ? (
        <>
          <StatusChip status={last.status} />
          <span>
            Your call arrived: <code>{`${last.method} ${last.path}`}</code> in {milliseconds(last.duration_ms)}
          </span>
        </>
      ) : (
        <span className="text-quiet">Run the line above. Your call will show up here within two seconds.</span>
      )}
    </div>
  );
}
