import { Check, Copy, X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./Button";

/** Answers whether it is there now. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Not allowed by the browser or by a page around this one: the old way may be.
  }
  return byCommand(text);
}

/** A plain-http address other than localhost has no clipboard API. */
function byCommand(text: string): boolean {
  const place = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  // What is behind an open dialog cannot be selected.
  ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (place instanceof HTMLElement) place.focus({ preventScroll: true });
  return copied;
}

const looks = { no: Copy, copied: Check, failed: X };

/** Copies, and says so where it was asked: no message floats in for it. */
export function CopyButton({ text, label = "Copy", name, kind = "quiet" }: { text: string; label?: string; name?: string; kind?: "plain" | "quiet" | "signal" }) {
  const [state, setState] = useState<keyof typeof looks>("no");
  useEffect(() => {
    if (state === "no") return;
    const timer = setTimeout(() => setState("no"), state === "copied" ? 2000 : 6000);
    return () => clearTimeout(timer);
  }, [state]);
  const Icon = looks[state];
  return (
    <Button kind={kind} aria-label={name && state === "no" ? name : undefined} onClick={() => void toClipboard(text).then((copied) => setState(copied ? "copied" : "failed"))}>
      <Icon aria-hidden className="size-16" />
      <span aria-live="polite">{state === "no" ? label : state === "copied" ? "Copied" : "Not copied: select it by hand"}</span>
    </Button>
  );
}

/** A command that can be run as it stands. */
export function Runnable({ command, name }: { command: string; name: string }) {
  return (
    <div className="run">
      <pre aria-label={name} role="group">
        <code>{command}</code>
      </pre>
      <CopyButton text={command} name={`Copy ${name.toLowerCase()}`} />
    </div>
  );
}
