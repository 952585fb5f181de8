import { Download } from "lucide-react";
import { Button } from "~/design/Button";
import { CopyButton } from "~/design/Copy";
import { arrive } from "~/design/focus";
import { saveFile } from "~/design/saveFile";

/** Shown once; the focus goes there, for what was pressed to get them is gone. */
export function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  const text = codes.join("\n");
  return (
    <div className="border-l-2 border-signal pl-16 grid gap-12" role="status">
      <p ref={arrive} tabIndex={-1} className="font-medium outline-none">
        Your recovery codes. They are shown this once.
      </p>
      <ul className="grid grid-cols-2 gap-4 max-w-form" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <p className="text-13 text-quiet">Keep them where you keep papers. Each lets you in once when your phone is gone.</p>
      <div className="flex flex-wrap gap-8">
        <CopyButton text={text} label="Copy codes" kind="plain" />
        <Button onClick={() => saveFile("tollgate-recovery-codes.txt", `${text}\n`)}>
          <Download aria-hidden className="size-16" />
          Download
        </Button>
      </div>
    </div>
  );
}
