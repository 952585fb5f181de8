import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { meterName } from "~/catalog/plans";
import { Beside } from "~/design/Beside";
import { Button } from "~/design/Button";
import { CopyButton, Runnable } from "~/design/Copy";
import { ConfirmDialog } from "~/design/Dialog";
import { When } from "~/design/Figures";
import { Failed } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { setArchived, type Meter } from "./data";
import { reportCommand } from "./report";

export function MeterDetail({ meter, may, onClose }: { meter: Meter; may: boolean; onClose: () => void }) {
  return (
    <Beside label="Meter" title={meterName(meter.name)} closing="Close meter" onClose={onClose}>
      <div className="grid gap-12">
        {meter.description && <p className="break-words">{meter.description}</p>}
        <div className="flex items-center justify-between gap-8">
          <code className="min-w-0 break-words">{meter.name}</code>
          <CopyButton text={meter.name} name="Copy meter name" />
        </div>
        <div>
          <h3 className="text-13 font-medium">Report what was used</h3>
          <div className="mt-8">
            <Runnable command={reportCommand(location.origin, meter.name)} name="An event to report" />
          </div>
          <p className="text-13 text-quiet mt-8">
            <code>$SUBSCRIPTION</code> is whose it is: each call brings its id to your server as <code>X-Tollgate-Subscription</code>. <code>$TOKEN</code> is an{" "}
            <Link to="/tokens" className="link">
              API token
            </Link>{" "}
            with <code>usage:write</code>. Run it again and it is a duplicate: an id counts once.
          </p>
        </div>
        <p className="text-13 text-quiet">
          Plans of your APIs can include an amount of it, refuse past that, or charge for each {meter.unit} more. Subscribers see what was used on their subscription, and you on your API.
        </p>
        <Life meter={meter} may={may} />
      </div>
    </Beside>
  );
}

/** The name and the place among the 128 stay taken either way. */
function Life({ meter, may }: { meter: Meter; may: boolean }) {
  const [asking, setAsking] = useState(false);
  const note = useNote();
  const mutation = useMutation({
    mutationFn: (archived: boolean) => setArchived(meter.id, archived),
    onSuccess: (_, archived) => {
      setAsking(false);
      note(archived ? "The meter is archived." : "The meter is back.");
    },
  });
  const failed = mutation.error && <Failed error={mutation.error} what="Nothing was changed." />;
  return (
    <footer className="border-t border-line pt-12 grid gap-8">
      <p className="text-12 text-quiet">
        {meter.archived_at ? "Archived" : "Declared"} <When at={meter.archived_at ?? meter.created_at} />
      </p>
      {!asking && failed}
      {may && (
        <div>
          {meter.archived_at ? (
            <Button busy={mutation.isPending} onClick={() => mutation.mutate(false)}>
              Restore meter
            </Button>
          ) : (
            <Button onClick={() => setAsking(true)}>Archive meter</Button>
          )}
        </div>
      )}
      <ConfirmDialog
        open={asking}
        title={`Archive ${meterName(meter.name)}?`}
        verb="Archive meter"
        busy={mutation.isPending}
        error={failed}
        onConfirm={() => mutation.mutate(true)}
        onClose={() => {
          mutation.reset();
          setAsking(false);
        }}
      >
        <p>No new version of a plan can name it. Plans that do go on, and what is reported for it still counts.</p>
        <p>It makes no room for another meter, and its name stays taken. It can be restored.</p>
      </ConfirmDialog>
    </footer>
  );
}
