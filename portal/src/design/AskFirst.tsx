import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Button } from "./Button";
import { ConfirmDialog } from "./Dialog";
import { Failed } from "./States";

interface AskFirstProps<T> {
  /** What the button says, and by which name it is known where several say the same. */
  label: string;
  name?: string;
  kind?: "plain" | "bad" | "quiet";
  title: string;
  verb: string;
  otherwise?: string;
  /** What is still so when it did not work. */
  failed: string;
  act: () => Promise<T>;
  done?: (result: T) => void;
  children: ReactNode;
}

/** A button for what cannot be undone: it says what will end before it does it. */
export function AskFirst<T>({ label, name, kind = "bad", title, verb, otherwise, failed, act, done, children }: AskFirstProps<T>) {
  const [asking, setAsking] = useState(false);
  const mutation = useMutation({
    mutationFn: act,
    onSuccess: (result) => {
      setAsking(false);
      done?.(result);
    },
  });
  return (
    <>
      <Button kind={kind} aria-label={name} onClick={() => setAsking(true)}>
        {label}
      </Button>
      <ConfirmDialog
        open={asking}
        title={title}
        verb={verb}
        otherwise={otherwise}
        busy={mutation.isPending}
        error={mutation.error && <Failed error={mutation.error} what={failed} />}
        onConfirm={() => mutation.mutate()}
        onClose={() => {
          mutation.reset();
          setAsking(false);
        }}
      >
        {children}
      </ConfirmDialog>
    </>
  );
}
