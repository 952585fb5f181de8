import { Check, ChevronsUpDown } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useSession } from "~/session/data";
import { chooseOrganization, useOrganization } from "~/session/organization";

/** For whom the desk works. With one organization it is a name, not a choice. */
export function OrganizationMenu() {
  const session = useSession();
  const current = useOrganization();
  if (!session || !current) return null;
  const name = (
    <span className="min-w-0 text-left" title={current.name}>
      <span className="block truncate font-medium text-ink">{current.name}</span>
      <span className="block truncate text-12 text-quiet">{current.slug}</span>
    </span>
  );
  if (session.organizations.length < 2) return <div className="words lg:px-8 py-4 min-w-0">{name}</div>;
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="place w-full justify-between">
        <span className="sr-only">Organization: </span>
        {name}
        <ChevronsUpDown aria-hidden className="size-16 text-quiet shrink-0" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu z-50" align="start" sideOffset={4} collisionPadding={8}>
          <DropdownMenu.RadioGroup value={current.id} onValueChange={chooseOrganization}>
            {session.organizations.map((each) => (
              <DropdownMenu.RadioItem key={each.id} value={each.id}>
                <span className="min-w-0">
                  <span className="block truncate">{each.name}</span>
                  <span className="block truncate text-12 text-quiet">{each.personal ? "personal" : each.role}{each.second_factor_missing && ", asks for a second factor"}</span>
                </span>
                <DropdownMenu.ItemIndicator>
                  <Check aria-hidden className="size-16" />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
