import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Answer } from "@tollgate/sdk";
import { useState } from "react";
import { take, tollgate } from "~/api/client";
import { queryClient } from "~/api/query";
import { failureOf } from "~/api/query";
import { Button } from "~/design/Button";
import { ConfirmDialog } from "~/design/Dialog";
import { Day, When } from "~/design/Figures";
import { counted } from "~/design/format";
import { Failed, Lines } from "~/design/States";
import { useNote } from "~/design/Toasts";
import { usePageTitle } from "~/design/usePage";
import { signOut } from "~/session/data";

type Device = Answer<"/auth/sessions", "get">["data"][number];

const devicesQuery = queryOptions({ queryKey: ["devices"], queryFn: async () => (await take(tollgate.GET("/auth/sessions"))).data });
const changed = () => queryClient.invalidateQueries(devicesQuery);

export function DevicesPage() {
  const query = useQuery(devicesQuery);
  const note = useNote();
  const title = query.data ? `${counted(query.data.length, "device")} signed in` : "Devices";
  usePageTitle(title);
  const others = useMutation({
    mutationFn: () => take(tollgate.POST("/auth/sessions/end-others")),
    onSuccess: ({ ended }) => {
      note(`${counted(ended, "device")} signed out.`);
      return changed();
    },
  });
  return (
    <>
      <header className="flex flex-wrap items-center justify-between gap-16 mb-24">
        <h1 className="text-26 font-semibold">{title}</h1>
        {query.data && query.data.length > 1 && (
          <Button kind="bad" busy={others.isPending} onClick={() => others.mutate()}>
            Sign out all others
          </Button>
        )}
      </header>
      {others.error && <Failed error={others.error} what="The other devices are still signed in." />}
      {failureOf(query) ? (
        <Failed error={query.error} what="The devices could not be read." retry={() => void query.refetch()} />
      ) : query.data ? (
        <DeviceTable rows={query.data} />
      ) : (
        <Lines rows={3} />
      )}
      <SignOutEverywhere />
      <p className="text-12 text-quiet mt-16 max-w-prose">
        A device that is signed out can do nothing more from that moment. One that is not used for 30 days is signed out by itself, and every one after 180 days. Another password signs all others out.
      </p>
    </>
  );
}

function SignOutEverywhere() {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const end = useMutation({
    mutationFn: async () => {
      await take(tollgate.POST("/auth/sessions/end-all"));
      await signOut();
    },
    onSuccess: () => navigate({ to: "/sign-in" }),
  });
  return (
    <div className="mt-24">
      <Button onClick={() => setAsking(true)}>Sign out everywhere</Button>
      <ConfirmDialog
        open={asking}
        title="Sign out everywhere?"
        verb="Sign out everywhere"
        otherwise="Stay signed in"
        busy={end.isPending}
        error={end.error && <Failed error={end.error} what="You are still signed in." />}
        onConfirm={() => end.mutate()}
        onClose={() => {
          end.reset();
          setAsking(false);
        }}
      >
        <p>All devices are signed out, this one too. API tokens and keys go on.</p>
      </ConfirmDialog>
    </div>
  );
}

function DeviceTable({ rows }: { rows: readonly Device[] }) {
  const end = useMutation({ mutationFn: (id: string) => take(tollgate.DELETE("/auth/sessions/{id}", { params: { path: { id } } })), onSuccess: changed });
  return (
    <>
      {end.error && <Failed error={end.error} what="The device is still signed in." />}
      <div className="scroll" tabIndex={0} role="region" aria-label="Devices as a table">
        <table className="sheet">
          <thead>
            <tr>
              <th scope="col">Device</th>
              <th scope="col">Last seen</th>
              <th scope="col" className="hidden sm:table-cell">
                Signed in
              </th>
              <th scope="col">
                <span className="sr-only">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((device) => (
              <tr key={device.id}>
                <td>
                  <span className="font-medium">{device.device}</span>
                  {device.current && <span className="text-12 text-quiet"> this one</span>}
                  <code className="block text-12 text-quiet break-all">{device.address ?? "place unknown"}</code>
                </td>
                <td className="whitespace-nowrap">{device.current ? "now" : <When at={device.last_seen_at} />}</td>
                <td className="whitespace-nowrap text-quiet hidden sm:table-cell"><Day at={device.created_at} /></td>
                <td className="figure">
                  {!device.current && (
                    <Button kind="quiet" aria-label={`Sign out ${device.device}`} busy={end.isPending && end.variables === device.id} onClick={() => end.mutate(device.id)}>
                      Sign out
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
