import { useEffect, useState } from "react";

/** The secret of a mail's link stands behind the # and is in no server's log; it is taken once and leaves the address. */
export function useSecret(): string {
  const [secret] = useState(() => location.hash.slice(1));
  useEffect(() => {
    if (location.hash !== "") history.replaceState(history.state, "", location.pathname + location.search);
  }, []);
  return secret;
}

/** As useSecret; it waits in this tab, under this name, while its owner signs in. */
export function useKeptSecret(name: string): string {
  const opened = useSecret();
  const [secret] = useState(() => opened || (sessionStorage.getItem(name) ?? ""));
  useEffect(() => sessionStorage.setItem(name, secret), [name, secret]);
  return secret;
}

export const verificationSecret = "tollgate.verify-email";
export const invitationSecret = "tollgate.invitation";

export const forget = (name: string): void => sessionStorage.removeItem(name);
