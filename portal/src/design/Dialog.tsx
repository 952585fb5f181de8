import { X } from "lucide-react";
import { useId, type ReactNode } from "react";
import { Button } from "./Button";
import { useModal } from "./focus";

interface DialogProps {
  open: boolean;
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}

/** The browser's own modal dialog: focus stays inside, Escape closes, the page behind is inert, and no style is injected. */
export function Dialog({ open, title, onClose, children, wide = false }: DialogProps) {
  const ref = useModal(open);
  const id = useId();
  return (
    <dialog
      ref={ref}
      className={`float ${wide ? "float-wide" : ""}`}
      aria-labelledby={id}
      onCancel={(event) => {
        // Of the dialog itself, not of a file's choice in it. The browser would close it now and say so later, when it may have been opened again.
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        onClose();
      }}
      onClose={({ currentTarget }) => {
        // A browser may close it without asking; all else was told already.
        if (open && !currentTarget.open) onClose();
      }}
    >
      {open && (
        <div className="p-24">
          <header className="flex items-start justify-between gap-16 mb-16">
            <h2 id={id} className="text-16 font-semibold">
              {title}
            </h2>
            <Button kind="quiet" icon aria-label="Close" className="-mt-4 -mr-8" onClick={onClose}>
              <X aria-hidden className="size-16" />
            </Button>
          </header>
          {children}
        </div>
      )}
    </dialog>
  );
}

interface ConfirmProps {
  open: boolean;
  title: string;
  verb: string;
  /** The other answer, where "Keep it" is not the word for it. */
  otherwise?: string;
  busy: boolean;
  error?: ReactNode;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Says what will end and for whom, before it does. The safe choice has the focus. */
export function ConfirmDialog({ open, title, verb, otherwise = "Keep it", busy, error, onConfirm, onClose, children }: ConfirmProps) {
  return (
    <Dialog open={open} title={title} onClose={onClose}>
      <div className="grid gap-12 text-14 text-quiet">{children}</div>
      {error && <div className="mt-16">{error}</div>}
      <footer className="flex justify-end gap-8 mt-24">
        <Button data-focus onClick={onClose}>
          {otherwise}
        </Button>
        <Button kind="bad" busy={busy} onClick={onConfirm}>
          {verb}
        </Button>
      </footer>
    </Dialog>
  );
}
