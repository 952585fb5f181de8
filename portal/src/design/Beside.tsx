import { X } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";
import { Button } from "./Button";
import { useBeside } from "./focus";

interface BesideProps {
  label: string;
  title: ReactNode;
  level?: 2 | 3;
  closing?: string;
  onClose: () => void;
  children: ReactNode;
}

/** The details of a row beside its list. Escape closes it too, and the row has the focus again. */
export function Beside({ label, title, level = 2, closing = "Close", onClose, children }: BesideProps) {
  const { heading, leave } = useBeside<HTMLHeadingElement>();
  const frame = useRef<HTMLElement>(null);
  const Heading = `h${level}` as const;
  const close = () => {
    leave();
    onClose();
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // A question or a menu above it is closed first.
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open], [role=menu]")) return;
      if (frame.current?.contains(document.activeElement)) close();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
  return (
    <aside ref={frame} className="beside-detail" aria-label={label}>
      <header className="flex items-start justify-between gap-16 mb-12">
        <Heading ref={heading} tabIndex={-1} className="text-16 font-semibold min-w-0 break-words outline-none">
          {title}
        </Heading>
        <Button kind="quiet" icon aria-label={closing} className="-mt-4 -mr-8" onClick={close}>
          <X aria-hidden className="size-16" />
        </Button>
      </header>
      {children}
    </aside>
  );
}
