import { FileUp } from "lucide-react";
import { useMemo, useState, type ChangeEvent, type DragEvent } from "react";
import { Button } from "~/design/Button";
import { AreaField } from "~/design/Field";
import { bytes } from "~/design/format";

/** A longer text makes typing slow, and nobody edits it here. */
const most = 100_000;

interface DocumentFieldProps {
  value: string;
  error: string | undefined;
  onChange: (document: string) => void;
}

/** Paste, drop or choose. The text is sent as it is and kept byte for byte. */
export function DocumentField({ value, error, onChange }: DocumentFieldProps) {
  const [over, setOver] = useState(false);
  const long = value.length > most;
  const size = useMemo(() => new Blob([value]).size, [value]);
  const read = (file: File | null | undefined) => {
    if (file) void file.text().then(onChange);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    read(event.dataTransfer.files[0]);
  };
  return (
    <div
      className="drop"
      data-over={over || undefined}
      onDrop={onDrop}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
    >
      <AreaField
        label="OpenAPI document"
        name="openapi"
        mono
        rows={14}
        spellCheck={false}
        value={long ? `${value.slice(0, most)}\n…` : value}
        readOnly={long}
        onChange={(event: ChangeEvent<HTMLTextAreaElement>) => onChange(event.target.value)}
        placeholder={"openapi: 3.1.0\ninfo:\n  title: Weather\n  version: 1.0.0\nservers:\n  - url: https://weather.example.com\npaths:\n  /forecast:\n    get: …"}
        hint={value ? `${bytes(size)}. It is kept as it is, byte for byte.${long ? " Its first part is shown." : ""}` : "Paste it, or drop a file here: OpenAPI 2.0, 3.0 or 3.1, JSON or YAML."}
        error={error}
      />
      <div className="flex gap-8 mt-8">
        <label className="button">
          <FileUp aria-hidden className="size-16" />
          Choose a file
          <input type="file" className="sr-only" accept=".json,.yaml,.yml,application/json,application/yaml" onChange={(event) => read(event.target.files?.[0])} />
        </label>
        {long && <Button onClick={() => onChange("")}>Clear</Button>}
      </div>
    </div>
  );
}
