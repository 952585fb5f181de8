import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { toError } from "~/api/problem";
import type { Tagged } from "~/api/client";
import { EndpointList } from "~/catalog/EndpointList";
import { When } from "~/design/Figures";
import { counted } from "~/design/format";
import { Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { apiViews, type ApiView, type CallFilters } from "~/router";
import { CallsSection } from "~/usage/CallsSection";
import { useMay } from "~/session/organization";
import { UsageSection } from "~/usage/UsageSection";
import { apiQuery, plansQuery, type Api, type Plan } from "./data";
import { Overview } from "./Overview";
import { PlansView } from "./PlansView";
import { ReplaceDocument } from "./ReplaceDocument";
import { SettingsView } from "./SettingsView";
import { ApiStatus } from "./status";

const at = "/desk/apis/$id";
const names: Record<ApiView, string> = { overview: "Overview", plans: "Plans", endpoints: "Endpoints", usage: "Usage", settings: "Settings" };

function titleOf(api: Api, plans: readonly Plan[]): string {
  if (api.status === "published") return `${api.name} is published, with ${counted(plans.length, "plan")}`;
  if (api.status === "archived") return `${api.name} is archived`;
  if (plans.length === 0) return `${api.name} needs a plan`;
  return api.status === "draft" ? `${api.name} is ready to publish` : `${api.name} is off sale, and served to its subscribers`;
}

export function ApiPage() {
  const { id } = useParams({ from: at });
  const api = useQuery(apiQuery(id));
  const plans = useQuery(plansQuery(id));
  const title = api.data && plans.data ? titleOf(api.data.value, plans.data.data) : undefined;
  usePageTitle(title);
  const error = api.error ?? plans.error;
  if (error && (!api.data || !plans.data))
    return (
      <Failed
        error={error}
        what={toError(error).status === 404 ? "You have no such API." : "The API could not be read."}
        retry={() => {
          void api.refetch();
          void plans.refetch();
        }}
      />
    );
  if (!api.data || !plans.data || !title) return <Lines rows={6} tall />;
  return <Body tagged={api.data} plans={plans.data.data} title={title} />;
}

function Body({ tagged, plans, title }: { tagged: Tagged<Api>; plans: readonly Plan[]; title: string }) {
  const api = tagged.value;
  const search = useSearch({ from: at });
  const may = useMay(api.organization.id, "manage_apis");
  const views = apiViews.filter((each) => may || each !== "settings");
  const view = views.find((each) => each === search.view) ?? "overview";
  return (
    <>
      <header className="mb-16">
        <p className="text-13 text-quiet">
          <Link to="/apis" className="link">
            My APIs
          </Link>
        </p>
        <h1 className="text-26 font-semibold mt-4">{title}</h1>
        <p className="flex flex-wrap items-center gap-x-16 gap-y-4 mt-8 text-quiet">
          <ApiStatus status={api.status} />
          <span>Version {api.version}</span>
          <span>
            changed <When at={api.updated_at} />
          </span>
        </p>
      </header>
      <nav aria-label="Parts of the API" className="views">
        {views.map((each) => (
          <Link key={each} from="/apis/$id" to="." search={each === "overview" ? {} : { view: each }} className="category" activeOptions={{ exact: true, includeSearch: true }} aria-current={each === view ? "page" : undefined}>
            {names[each]}
            {each === "plans" && <span className="minor"> {plans.length}</span>}
            {each === "endpoints" && <span className="minor"> {api.endpoints.length}</span>}
          </Link>
        ))}
      </nav>
      {view === "overview" && <Overview api={api} plans={plans} may={may} />}
      {view === "plans" && <PlansView api={api} plans={plans} may={may} />}
      {view === "endpoints" && (
        <>
          {may && api.status !== "archived" && <ReplaceDocument tagged={tagged} />}
          <EndpointList endpoints={api.endpoints} />
        </>
      )}
      {view === "usage" && <ApiUsage api={api} filters={search} />}
      {view === "settings" && <SettingsView tagged={tagged} />}
    </>
  );
}

function ApiUsage({ api, filters }: { api: Api; filters: CallFilters }) {
  const may = useMay(api.organization.id, "read_request_log");
  const navigate = useNavigate({ from: "/apis/$id" });
  const change = (part: Partial<CallFilters>) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false });
  const show = (which: CallFilters["show"]) => {
    change({ show: which, call: undefined });
    document.getElementById("calls")?.scrollIntoView();
  };
  return (
    <div className="stack">
      <UsageSection
        subject={{ api: api.id }}
        interval={filters.by ?? "day"}
        onInterval={(by) => change({ by: by === "hour" ? by : undefined })}
        meter={filters.of}
        onMeter={(of) => change({ of })}
        onShow={show}
      />
      <CallsSection
        may={may}
        subject={{ api: api.id }}
        filters={filters}
        onFilter={change}
        empty={api.status === "published" ? "Calls by its subscribers will be listed here within two seconds." : "Calls will be listed here once the API is published and somebody subscribes."}
      />
    </div>
  );
}
