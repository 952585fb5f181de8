import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { failureOf } from "~/api/query";
import { meterUsageQuery, usageQuery, type Interval, type Shown, type Subject } from "./data";
import { CallUsage } from "./CallUsage";
import { MeterUsage } from "./MeterUsage";
import { Failed, Lines } from "~/design/States";

export interface UsageSectionProps {
  subject: Subject;
  interval: Interval;
  onInterval: (interval: Interval) => void;
  /** The meter that is drawn; calls without it. */
  meter: string | undefined;
  onMeter: (meter: string | undefined) => void;
  /** Leads from a number to the calls behind it. */
  onShow: (show: Shown | undefined) => void;
}

/** One page that answers: how much was used, how did it go, and is that usual. */
export function UsageSection(props: UsageSectionProps) {
  const { subject, interval, meter } = props;
  const calls = useQuery({ ...usageQuery(subject, interval), placeholderData: keepPreviousData });
  const reported = useQuery({ ...meterUsageQuery(subject, interval), placeholderData: keepPreviousData });
  const query = meter === undefined ? calls : reported;
  if (failureOf(query)) return <Failed error={query.error} what="The usage could not be read." retry={() => void query.refetch()} />;
  // The one that is drawn stays a choice although nothing of it is in the span.
  const meters = [...new Set([...(reported.data?.usage.data.map((each) => each.meter) ?? []), ...(meter === undefined ? [] : [meter])])];
  if (meter === undefined) return calls.data ? <CallUsage {...props} data={calls.data} meters={meters} /> : <Lines rows={4} />;
  return reported.data ? <MeterUsage {...props} meter={meter} data={reported.data} meters={meters} /> : <Lines rows={4} />;
}
