import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Search } from "lucide-react";
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { apisQuery } from "~/apis/data";
import { discoverQuery } from "~/catalog/data";
import { useModal } from "~/design/focus";
import { useSession } from "~/session/data";
import { useOrganization } from "~/session/organization";
import { subscriptionsQuery } from "~/subscriptions/data";
import { placesOf } from "./places";

const PaletteOpener = createContext<() => void>(() => undefined);

export function PaletteProvider({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setOpen((was) => !was);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  const opener = useMemo(() => () => setOpen(true), []);
  return (
    <PaletteOpener value={opener}>
      {children}
      <PaletteDialog open={open} onClose={() => setOpen(false)} />
    </PaletteOpener>
  );
}

export function PaletteButton() {
  const open = use(PaletteOpener);
  return (
    <button type="button" className="button" data-kind="quiet" aria-keyshortcuts="Control+K" onClick={open}>
      <Search aria-hidden className="size-16" />
      <span className="sr-only">Go to</span>
      <kbd className="text-12 hidden md:inline">
        Ctrl K
      </kbd>
    </button>
  );
}

function PaletteDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const ref = useModal(open);
  return (
    <dialog ref={ref} className="float float-wide" data-place="top" aria-label="Go to" onClose={onClose}>
      {open && <Choices close={onClose} />}
    </dialog>
  );
}

/** Each typed word stands in the name; a name that begins so comes first. Letters here and there would put a page before the API that was meant. */
function match(name: string, typed: string) {
  const [text, words] = [name.toLowerCase(), typed.toLowerCase().trim().split(/\s+/)];
  if (!words.every((word) => text.includes(word))) return 0;
  return text.startsWith(words[0] ?? "") ? 1 : 0.5;
}

function Choices({ close }: { close: () => void }) {
  const session = useSession();
  const organization = useOrganization();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const subscriptions = useQuery({ ...subscriptionsQuery(organization?.id), enabled: organization !== undefined });
  const apis = useQuery({ ...apisQuery(organization?.id), enabled: organization !== undefined });
  const listings = useQuery({ ...discoverQuery({ q: typed }, 6), enabled: typed.trim().length > 1, placeholderData: (before) => before });
  // The place that had the focus may not be on the page that comes.
  const go = (move: () => Promise<void>) => () => {
    close();
    void move().then(() => document.getElementById("main")?.focus());
  };
  return (
    <Command label="Go to" className="menu-flat" filter={match}>
      <Command.Input data-focus value={typed} onValueChange={setTyped} placeholder="Go to a page, an API, a subscription" className="palette-input" />
      <Command.List className="menu palette-list">
        <Command.Empty className="p-16 text-quiet">Nothing with that name.</Command.Empty>
        <Command.Group heading="Pages">
          {placesOf(session, organization).map(({ name, to, search }) => (
            <Command.Item key={name} onSelect={go(() => navigate({ to, search }))}>
              {name}
            </Command.Item>
          ))}
        </Command.Group>
        {(apis.data?.data ?? []).length > 0 && (
          <Command.Group heading="My APIs">
            {apis.data?.data.map((api) => (
              <Command.Item key={api.id} value={`${api.name} ${api.id}`} onSelect={go(() => navigate({ to: "/apis/$id", params: { id: api.id } }))}>
                {api.name}
                <span className="text-12 text-quiet">{api.status}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {(subscriptions.data?.data ?? []).length > 0 && (
          <Command.Group heading="Subscriptions">
            {subscriptions.data?.data.map((each) => (
              <Command.Item key={each.id} value={`${each.product.name ?? ""} ${each.plan.name} ${each.id}`} onSelect={go(() => navigate({ to: "/subscriptions/$id", params: { id: each.id } }))}>
                {each.product.name ?? each.plan.name}
                <span className="text-12 text-quiet">{each.plan.name}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {(listings.data?.data ?? []).length > 0 && (
          <Command.Group heading="Catalog">
            {listings.data?.data.map((each) => (
              <Command.Item
                key={each.api_id}
                value={`${each.name} ${each.summary} ${each.api_id}`}
                onSelect={go(() => navigate({ to: "/marketplace/$organization/$api", params: { organization: each.organization.slug, api: each.slug } }))}
              >
                {each.name}
                <span className="text-12 text-quiet truncate">{each.organization.name}</span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command>
  );
}
