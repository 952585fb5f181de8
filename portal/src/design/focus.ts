import { useLayoutEffect, useRef, type RefObject } from "react";

/** The last place with the focus that is no entry of a menu: a menu is gone when the dialog that it leads to is there. */
let lastPlace: Element | null = null;
const isPlace = (target: unknown): target is Element => target instanceof Element && target !== document.body && !target.closest("[role=menu]");
globalThis.document?.addEventListener("focusin", ({ target }) => {
  if (isPlace(target)) lastPlace = target;
});

const placeNow = (): Element | null => (isPlace(document.activeElement) ? document.activeElement : lastPlace);

/** Gives the focus to the first of these that is still there and takes it; else to the question that is still open, or the page's content. */
function focusOneOf(...places: readonly (Element | null | undefined)[]): void {
  const question = [...document.querySelectorAll("dialog[open]")].at(-1);
  for (const place of [...places, question?.querySelector("[data-focus]"), document.getElementById("main")]) {
    if (!(place instanceof HTMLElement) || !place.isConnected) continue;
    place.focus({ preventScroll: true });
    if (document.activeElement === place) return;
  }
}

/** A `<dialog>` that is modal while it is open. The focus goes to what is marked `data-focus`, and back to where it was. */
export function useModal(open: boolean): RefObject<HTMLDialogElement | null> {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (!open || !dialog) return;
    const opener = placeNow();
    dialog.showModal();
    dialog.querySelector<HTMLElement>("[data-focus]")?.focus();
    return () => {
      dialog.close();
      const { activeElement: active } = document;
      if (!active || active === document.body || dialog.contains(active)) focusOneOf(opener);
    };
  }, [open]);
  return ref;
}

/** For what opens beside the row that had the focus: it is read from its heading on, and leaving it leads back to the row. */
export function useBeside<T extends HTMLElement>(): { heading: RefObject<T | null>; leave: () => void } {
  const heading = useRef<T>(null);
  useLayoutEffect(() => {
    // Opened by its address it takes the focus from nothing.
    if (placeNow()?.getAttribute("aria-expanded") === "true") heading.current?.focus();
  }, []);
  return { heading, leave: () => focusOneOf(document.querySelector("main [aria-expanded=true]")) };
}

/** A ref that takes the focus when its element arrives: what was pressed to get it is gone. */
export const arrive = (element: HTMLElement | null): void => element?.focus();
