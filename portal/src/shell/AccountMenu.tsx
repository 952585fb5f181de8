import { useNavigate } from "@tanstack/react-router";
import { Check, UserRound } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { toError } from "~/api/problem";
import { useNote } from "~/design/Toasts";
import { useTheme, type Theme } from "~/design/theme";
import { useSession, signOut } from "~/session/data";

const themes: readonly [Theme, string][] = [
  ["system", "Like the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

/** Who is signed in, how the page looks, and the way out. */
export function AccountMenu() {
  const session = useSession();
  const [theme, choose] = useTheme();
  const navigate = useNavigate();
  const note = useNote();
  const leave = () =>
    void signOut().then(
      () => navigate({ to: "/marketplace" }),
      (cause: unknown) => note(`You are still signed in. ${toError(cause).message}`),
    );
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="button" data-kind="quiet" data-icon aria-label={session ? `Account of ${session.account.name}` : "Appearance"}>
        <UserRound aria-hidden className="size-16" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu z-50" align="end" sideOffset={4} collisionPadding={8}>
          {session && (
            <DropdownMenu.Label className="p-8">
              <span className="block font-medium">{session.account.name}</span>
              <span className="block text-quiet">{session.account.email}</span>
            </DropdownMenu.Label>
          )}
          <DropdownMenu.Label className="px-8 pt-8 pb-4 text-12 text-quiet">Appearance</DropdownMenu.Label>
          <DropdownMenu.RadioGroup value={theme} onValueChange={(value) => choose(value as Theme)}>
            {themes.map(([value, label]) => (
              <DropdownMenu.RadioItem key={value} value={value}>
                {label}
                <DropdownMenu.ItemIndicator>
                  <Check aria-hidden className="size-16" />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          {session && (
            <>
              <DropdownMenu.Separator className="my-4 border-t border-line" />
              <DropdownMenu.Item onSelect={() => void navigate({ to: "/account" })}>Account security</DropdownMenu.Item>
              <DropdownMenu.Item onSelect={() => void navigate({ to: "/devices" })}>Devices</DropdownMenu.Item>
              <DropdownMenu.Item onSelect={() => void navigate({ to: "/tokens" })}>API tokens</DropdownMenu.Item>
              <DropdownMenu.Item onSelect={leave}>Sign out</DropdownMenu.Item>
            </>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
