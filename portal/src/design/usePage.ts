import { useEffect } from "react";

/** The window's title says the state, as the page's heading does. */
export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · Tollgate` : "Tollgate";
  }, [title]);
}
