import { useState } from "react";

export type Theme = "system" | "light" | "dark";

const current = (): Theme => {
  const choice = document.documentElement.dataset.theme;
  return choice === "light" || choice === "dark" ? choice : "system";
};

/** The choice is kept in the browser and applied before the first paint by /theme.js. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(current);
  const choose = (next: Theme) => {
    setTheme(next);
    if (next === "system") {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem("tollgate.theme");
    } else {
      document.documentElement.dataset.theme = next;
      localStorage.setItem("tollgate.theme", next);
    }
  };
  return [theme, choose];
}
