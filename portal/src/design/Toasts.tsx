import { Toast } from "radix-ui";
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";

interface Note {
  id: number;
  text: string;
}

const Notes = createContext<(text: string) => void>(() => undefined);

/** Says in a word that something was done, when the page itself does not show it. */
export const useNote = (): ((text: string) => void) => useContext(Notes);

let lastId = 0;

export function Toasts({ children }: { children: ReactNode }) {
  const [notes, setNotes] = useState<Note[]>([]);
  const say = useCallback((text: string) => {
    lastId += 1;
    const note = { id: lastId, text };
    setNotes((all) => [...all, note]);
  }, []);
  const value = useMemo(() => say, [say]);
  return (
    <Notes value={value}>
      <Toast.Provider duration={5000} swipeDirection="down">
        {children}
        {notes.map((note) => (
          <Toast.Root
            key={note.id}
            className="menu px-16 py-12"
            onOpenChange={(open) => {
              if (!open) setNotes((all) => all.filter((each) => each.id !== note.id));
            }}
          >
            <Toast.Description>{note.text}</Toast.Description>
          </Toast.Root>
        ))}
        <Toast.Viewport className="fixed bottom-16 left-16 right-16 sm:left-auto sm:w-panel grid gap-8 z-50" />
      </Toast.Provider>
    </Notes>
  );
}
