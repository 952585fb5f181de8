import { FileUp } from "lucide-react";
import { useState, type ChangeEvent, type DragEvent } from "react";
import { AreaField } from "~/design/Field";
import { bytes } from "~/design/format";

interface DocumentFieldProps {
  value: string;
  error: string | undefined;
  onChange: (document: string) => void;
}

/** Paste, drop or choose. The text is sent as it is and kept byte for byte. */
export function DocumentField({ value, error, onChange }: DocumentFieldProps) {
  const [over, setOver] = useState(false);
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
        value={value}
        onChange={(event: ChangeEvent<HTMLTextAreaElement>) => onChange(event.target.value)}
        placeholder={"openapi: 3.1.0\ninfo:\n  title: Weather\n  version: 1.0.0\nservers:\n  - url: https://weather.example.com\npaths:\n  /forecast:\n    get: …"}
        hint={value ? `${bytes(new Blob([value]).size)}. It is kept as it is, byte for byte.` : "Paste it, or drop a file here: OpenAPI 2.0, 3.0 or 3.1, JSON or YAML."}
        error={error}
      />
      <label className="button self-start mt-8">
        <FileUp aria-hidden className="size-16" />
        Choose a file
        <input type="file" className="sr-only" accept=".json,.yaml,.yml,application/json,application/yaml" onChange={(event) => read(event.target.files?.[0])} />
      </label>
    </div>
  );
}
