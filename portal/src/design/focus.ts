import { useLayoutEffect, useRef, type RefObject } from "react";

/** The last place with the focus that is no entry of a menu: a menu is gone when the dialog that it leads to is there. */
let lastPlace: Element | null = null;
const isPlace = (target: unknown): target is Element => target instanceof Element && target !== document.body && !target.closest("[role=menu]");
globalThis.document?.addEventListener("focusin", ({ target }) => {
  if (isPlace(target)) lastPlace = target;
});

/**
 * What had the focus is gone: the row that was ended, the link to the page that came, the form that was filled anew. Who has no mouse would begin again at the top of the window.
 * The same field of the same form has it again; else the place around it, from where the next Tab leads on.
 */
let around: readonly Element[] = [];
globalThis.document?.addEventListener("focusin", ({ target }) => {
  if (isPlace(target)) around = placesAround(target);
});

function placesAround(place: Element): readonly Element[] {
  const found: Element[] = [];
  for (let each = place.parentElement; each && each !== document.body; each = each.parentElement) if (each.matches("[tabindex], section, form, aside, fieldset, dialog")) found.push(each);
  return found;
}

/** The nearest place that is left, which can have the focus from now on. */
function shelterAmong(places: readonly Element[]): HTMLElement | null {
  const near = places.find((each) => each.isConnected && each.checkVisibility()) ?? document.getElementById("main");
  if (!(near instanceof HTMLElement)) return null;
  if (!near.hasAttribute("tabindex")) {
    near.tabIndex = -1;
    near.dataset.rescued = "";
  }
  return near;
}

const nameOf = (element: Element): string => `${element.tagName} ${element.getAttribute("name") ?? element.getAttribute("aria-label") ?? element.textContent}`;

function again(gone: Element): HTMLElement | undefined {
  const form = gone.closest("form[aria-label]");
  const same = form && [...document.forms].find((each) => each.getAttribute("aria-label") === form.getAttribute("aria-label"));
  return same ? [...same.querySelectorAll<HTMLElement>("input, select, textarea, button")].find((each) => nameOf(each) === nameOf(gone)) : undefined;
}

function rescue(): void {
  const { activeElement: active } = document;
  if (!lastPlace || lastPlace.isConnected || (active && active !== document.body) || document.querySelector("[role=menu]")) return;
  const near = again(lastPlace) ?? shelterAmong(around);
  lastPlace = null;
  near?.focus({ preventScroll: true });
}

// After what was drawn has said itself where the focus belongs.
if (globalThis.document) new MutationObserver(rescue).observe(document, { childList: true, subtree: true });

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
    const beside = opener ? placesAround(opener) : [];
    dialog.showModal();
    dialog.querySelector<HTMLElement>("[data-focus]")?.focus();
    return () => {
      dialog.close();
      const { activeElement: active } = document;
      if (!active || active === document.body || dialog.contains(active)) focusOneOf(opener, shelterAmong(beside));
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
