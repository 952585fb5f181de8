import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { Button } from "~/design/Button";
import { TextField } from "~/design/Field";
import { counted } from "~/design/format";
import { Failed, Lines } from "~/design/States";
import { textOf, useForm } from "~/design/useForm";
import { usePageTitle } from "~/design/usePage";
import { useSession, type Membership } from "~/session/data";
import { may, useOrganization } from "~/session/organization";
import { CategoryField } from "./CategoryField";
import { createApi } from "./data";
import { DocumentField } from "./DocumentField";
import { guess, slugOf } from "./guess";

const fields = ["name", "slug", "upstream_url", "openapi", "category", "summary"];

/** What the provider typed wins; what they left alone follows the document. */
interface Typed {
  name?: string;
  slug?: string;
  upstream?: string;
}

export function ImportPage() {
  usePageTitle("Import an API");
  const organization = useOrganization();
  const known = useSession() !== undefined;
  const refused = organization !== undefined && !may(organization, "manage_apis");
  const allowed = known && !refused;
  // Once it was there it goes out of sight only: what was pasted is there again with an organization that one may import for.
  const [opened, setOpened] = useState(allowed);
  if (allowed && !opened) setOpened(true);
  return (
    <>
      <header className="mb-24">
        <p className="text-13 text-quiet">
          <Link to="/apis" className="link">
            My APIs
          </Link>
        </p>
        <h1 className="text-26 font-semibold mt-4">Import an API</h1>
        {known && (
          <p className="text-quiet mt-4 max-w-prose">
            {refused
              ? `As ${organization.role} of ${organization.name} you cannot import an API for it. An owner can, or gives you a role that can.`
              : `It becomes a draft that only ${organization?.name ?? "you"} can see. Plans and publishing come after.`}
          </p>
        )}
      </header>
      {!known && <Lines />}
      {opened && (
        <div hidden={!allowed}>
          <ImportForm organization={organization} />
        </div>
      )}
    </>
  );
}

function ImportForm({ organization }: { organization: Membership | undefined }) {
  const navigate = useNavigate();
  const [document, setDocument] = useState("");
  const [typed, setTyped] = useState<Typed>({});
  const seen = useMemo(() => guess(document), [document]);
  const name = typed.name ?? seen.name ?? "";
  const slug = typed.slug ?? slugOf(name);
  const upstream = typed.upstream ?? seen.upstream ?? "";
  const form = useForm(
    fields,
    (values) =>
      createApi({
        organization: organization?.id,
        name: name.trim(),
        slug: slug.trim(),
        upstream_url: upstream.trim(),
        openapi: document,
        summary: textOf(values, "summary") || undefined,
        category: textOf(values, "category") || undefined,
      }),
    (api) => void navigate({ to: "/apis/$id", params: { id: api.id } }),
  );
  return (
    <>
      {form.problem && (
        <div className="mb-24">
          <Failed error={form.problem} what="The API was not imported." />
        </div>
      )}
      <form className="import" {...form.props}>
        <DocumentField value={document} error={form.errorOf("openapi")}
          onChange={(text) => {
            setDocument(text);
            form.touch("openapi", "name", "slug", "upstream_url");
          }}
        />
        <div className="grid gap-16">
          <TextField label="Name" name="name" required value={name} onChange={(event) => setTyped({ ...typed, name: event.target.value })} error={form.errorOf("name")} />
          <TextField
            label="Short name"
            name="slug"
            required
            mono
            value={slug}
            onChange={(event) => setTyped({ ...typed, slug: event.target.value })}
            hint={`Part of the address that is called: /${organization?.slug ?? "you"}/${slug || "…"}/`}
            error={form.errorOf("slug")}
          />
          <TextField
            label="Upstream address"
            name="upstream_url"
            type="url"
            required
            mono
            value={upstream}
            onChange={(event) => setTyped({ ...typed, upstream: event.target.value })}
            placeholder="https://weather.example.com"
            hint="The server behind the API. Callers never see it."
            error={form.errorOf("upstream_url")}
          />
          <TextField label="Summary" name="summary" maxLength={200} hint="One line for the catalog." error={form.errorOf("summary")} />
          <CategoryField error={form.errorOf("category")} />
          <Button type="submit" kind="signal" size="large" busy={form.busy}>
            Import API
          </Button>
          <p className="text-13 text-quiet" role="status">
            {seen.operations !== null && document !== "" && `${counted(seen.operations, "endpoint")} seen. `}
            The server reads the document and lists what it found.
          </p>
        </div>
      </form>
    </>
  );
}
