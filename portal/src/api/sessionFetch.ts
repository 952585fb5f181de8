// One fetch for the whole portal: adds the CSRF header to unsafe calls and renews an expired session once, for all waiting calls together.

const safe = new Set(["GET", "HEAD", "OPTIONS"]);
let renewal: Promise<boolean> | null = null;
const endListeners = new Set<() => void>();

export function csrfToken(): string | null {
  // With https it has the prefix that no other host of the domain can give it.
  const cookies = document.cookie.split("; ");
  for (const name of ["__Host-tg_csrf=", "tg_csrf="]) {
    const cookie = cookies.find((each) => each.startsWith(name));
    if (cookie) return decodeURIComponent(cookie.slice(name.length));
  }
  return null;
}

/** The readable cookie comes and goes with the session; without it nobody is signed in, and no call is needed to know it. */
export const mayBeSignedIn = (): boolean => csrfToken() !== null;

export function onSessionEnd(listener: () => void): () => void {
  endListeners.add(listener);
  return () => endListeners.delete(listener);
}

function send(request: Request): Promise<Response> {
  const token = csrfToken();
  if (token !== null && !safe.has(request.method)) request.headers.set("x-csrf-token", token);
  return fetch(request);
}

/** A refresh token is good for one use: tabs take turns, and who finds the session renewed by another has nothing to do. */
async function renew(): Promise<boolean> {
  const before = csrfToken();
  const turn = async () => csrfToken() !== before || refresh();
  return navigator.locks ? navigator.locks.request("tollgate.session", turn) : turn();
}

async function refresh(): Promise<boolean> {
  const response = await send(
    new Request(new URL("/auth/refresh", location.origin), {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": "application/json", accept: "application/json", "tollgate-session": "cookie" },
      body: "{}",
    }),
  );
  return response.ok;
}

/** Who is not signed in yet asks these; their 401 says that a password or a code is wrong. Everything else under /auth is the signed-in account's own. */
const signsIn = /^\/auth\/(login|register|refresh|second-factor|mail-sign-in|passkey-sign-in|forgot-password|reset-password|providers\/[^/]+\/sign-in)(\/|$)/;

export async function sessionFetch(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await send(request);
  if (response.status !== 401 || signsIn.test(new URL(request.url).pathname) || !mayBeSignedIn()) return response;
  renewal ??= renew().finally(() => (renewal = null));
  if (await renewal) return send(again);
  for (const listener of endListeners) listener();
  return response;
}
