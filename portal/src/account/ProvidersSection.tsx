import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import type { Answer } from "@tollgate/sdk";
import { take, tollgate } from "~/api/client";
import { queryClient } from "~/api/query";
import { AskFirst } from "~/design/AskFirst";
import { Button } from "~/design/Button";
import { Failed } from "~/design/States";
import { problemOf, useProviders, type Provider } from "~/session/providers";
import { Section } from "./Section";
import { useGuard } from "./StepUp";

type Identity = Answer<"/auth/identities", "get">["data"][number];

const identitiesQuery = queryOptions({ queryKey: ["identities"], queryFn: async () => (await take(tollgate.GET("/auth/identities"))).data });

async function connect(provider: Provider): Promise<void> {
  const { url } = await take(tollgate.POST("/auth/providers/{provider}/connect", { params: { path: { provider: provider.id } } }));
  location.assign(url);
}

async function disconnect(identity: Identity): Promise<void> {
  await take(tollgate.DELETE("/auth/identities/{id}", { params: { path: { id: identity.id } } }));
  await queryClient.invalidateQueries({ queryKey: identitiesQuery.queryKey });
}

/** Who this account is at outside providers; nothing where there are none. */
export function ProvidersSection() {
  const providers = useProviders();
  const { data: identities = [] } = useQuery(identitiesQuery);
  const problem = problemOf(useSearch({ from: "/desk/account" }).problem);
  const open = providers.filter((provider) => identities.every((identity) => identity.provider !== provider.id));
  if (providers.length === 0 && identities.length === 0) return null;
  return (
    <Section title="Other ways in" lead="Sign in by somebody who knows you already. Your account stays yours if your address there changes.">
      {problem && <Failed error={problem} what="The provider is not connected." />}
      {identities.length > 0 && (
        <ul className="grid" aria-label="Connected providers">
          {identities.map((identity) => (
            <Row key={identity.id} identity={identity} />
          ))}
        </ul>
      )}
      <div className="flex flex-wrap gap-8">
        {open.map((provider) => (
          <Connect key={provider.id} provider={provider} />
        ))}
      </div>
    </Section>
  );
}

function Connect({ provider }: { provider: Provider }) {
  const guard = useGuard("This adds a way into your account.");
  const leave = useMutation({ mutationFn: () => guard(() => connect(provider)) });
  return (
    <>
      <Button busy={leave.isPending} onClick={() => leave.mutate()}>
        Connect {provider.name}
      </Button>
      {leave.error && <Failed error={leave.error} what={`${provider.name} is not connected.`} />}
    </>
  );
}

function Row({ identity }: { identity: Identity }) {
  const guard = useGuard("This takes a way into your account away.");
  return (
    <li className="flex flex-wrap items-center justify-between gap-8 border-b border-line py-8">
      <span className="min-w-0">
        <span className="font-medium">{identity.name}</span>
        {identity.email && <span className="block text-13 text-quiet break-words">{identity.email}</span>}
      </span>
      <AskFirst
        label="Disconnect"
        name={`Disconnect ${identity.name}`}
        title={`Disconnect ${identity.name}?`}
        verb="Disconnect"
        failed="It was not disconnected."
        act={() => guard(() => disconnect(identity))}
      >
        <p>It no longer signs you in. You can connect it again.</p>
      </AskFirst>
    </li>
  );
}
