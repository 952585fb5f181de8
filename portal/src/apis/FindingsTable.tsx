import { counted } from "~/design/format";
import type { Api } from "./data";

type Finding = Api["findings"][number];

const order: readonly Finding["severity"][] = ["error", "warning", "info"];
const looks: Record<string, { word: string; shape: string; status: string }> = {
  error: { word: "Error", shape: "diamond", status: "5xx" },
  warning: { word: "Warning", shape: "square", status: "4xx" },
  info: { word: "Note", shape: "hollow", status: "3xx" },
};

function titleOf(findings: readonly Finding[]): string {
  const of = (severity: string) => findings.filter((each) => each.severity === severity).length;
  const parts = [of("error") && counted(of("error"), "error"), of("warning") && counted(of("warning"), "warning"), of("info") && counted(of("info"), "note")];
  return `${parts.filter(Boolean).join(", ")} in the document`;
}

/** What the import found in the document, worst first, with the line. */
export function FindingsTable({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0)
    return (
      <section aria-labelledby="findings">
        <h2 id="findings" className="text-20 font-semibold">
          Nothing to mend in the document
        </h2>
        <p className="text-quiet mt-4">Every reference resolves and every operation could be read.</p>
      </section>
    );
  const sorted = findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  return (
    <section aria-labelledby="findings">
      <h2 id="findings" className="text-20 font-semibold mb-8">
        {titleOf(findings)}
      </h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="Findings as a table">
        <table className="sheet">
          <thead>
            <tr>
              <th scope="col">Severity</th>
              <th scope="col" className="figure">
                Line
              </th>
              <th scope="col">What</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((each, index) => {
              const look = looks[each.severity] ?? { word: each.severity, shape: "hollow", status: "none" };
              return (
                <tr key={index}>
                  <td>
                    <span className="chip" data-shape={look.shape} data-status={look.status}>
                      {look.word}
                    </span>
                  </td>
                  <td className="figure text-quiet">{each.line ?? "–"}</td>
                  <td className="w-full wrap-anywhere">
                    {each.message}
                    {each.path && <code className="block text-12 text-quiet">{each.path}</code>}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
