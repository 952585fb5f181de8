import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./Button";

async function toClipboard(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // A plain-http address other than localhost has no clipboard API.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** Copies, and says so where it was asked: no message floats in for it. */
export function CopyButton({ text, label = "Copy", name, kind = "quiet" }: { text: string; label?: string; name?: string; kind?: "plain" | "quiet" | "signal" }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const Icon = copied ? Check : CopyIcon;
  return (
    <Button kind={kind} aria-label={name && !copied ? name : undefined} onClick={() => void toClipboard(text).then(() => setCopied(true))}>
      <Icon aria-hidden className="size-16" />
      <span aria-live="polite">{copied ? "Copied" : label}</span>
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
