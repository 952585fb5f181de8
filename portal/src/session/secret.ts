import { useEffect, useState } from "react";

/** What a mail's link brought, and the how-manieth link of this page it is: each is a new wish, the same one again as well. */
export interface Opened {
  secret: string;
  turn: number;
}

/** The name of a place in the page, as the link past the navigation has it, is no secret. */
const behindHash = (): string => {
  const text = location.hash.slice(1);
  return document.getElementById(text) ? "" : text;
};

/**
 * The secret of a mail's link stands behind the # and is in no server's log; it is taken at once and leaves the address.
 * A link to the page that is open already changes nothing but what is behind the #, and loads no page.
 */
export function useSecret(): Opened {
  const [opened, setOpened] = useState<Opened>(() => ({ secret: behindHash(), turn: 0 }));
  useEffect(() => {
    const leaveAddress = () => {
      if (behindHash() !== "") history.replaceState(history.state, "", location.pathname + location.search);
    };
    const take = () => {
      const secret = behindHash();
      if (secret !== "") setOpened(({ turn }) => ({ secret, turn: turn + 1 }));
      leaveAddress();
    };
    leaveAddress();
    addEventListener("hashchange", take);
    return () => removeEventListener("hashchange", take);
  }, []);
  return opened;
}

/** As useSecret; it waits in this tab, under this name, while its owner signs in. */
export function useKeptSecret(name: string): Opened {
  const opened = useSecret();
  const [kept] = useState(() => sessionStorage.getItem(name) ?? "");
  useEffect(() => {
    if (opened.secret !== "") sessionStorage.setItem(name, opened.secret);
  }, [name, opened]);
  return { secret: opened.secret || kept, turn: opened.turn };
}

export const verificationSecret = "tollgate.verify-email";
export const invitationSecret = "tollgate.invitation";

export const forget = (name: string): void => sessionStorage.removeItem(name);
