import { useId, type InputHTMLAttributes, type ReactNode, type Ref, type SelectHTMLAttributes, type TextareaHTMLAttributes } from "react";

interface Common {
  label: string;
  hint?: ReactNode;
  error?: string;
  /** The label is for assistive technology only; the place says what it is. */
  bare?: boolean;
  small?: boolean;
}

interface Wired {
  id: string;
  className: string;
  "data-size"?: "small";
  "aria-invalid"?: true;
  "aria-describedby"?: string;
}

function Frame({ label, hint, error, bare, small, children }: Common & { children: (wired: Wired) => ReactNode }) {
  const id = useId();
  const described = [hint ? `${id}-hint` : null, error ? `${id}-error` : null].filter(Boolean).join(" ");
  return (
    <div className="grid gap-4 content-start min-w-0">
      <label htmlFor={id} className={bare ? "sr-only" : "text-13 font-medium"}>
        {label}
      </label>
      {children({
        id,
        className: "control",
        "data-size": small ? "small" : undefined,
        "aria-invalid": error ? true : undefined,
        "aria-describedby": described || undefined,
      })}
      {hint && (
        <p id={`${id}-hint`} className="text-12 text-quiet">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-13 text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

export function TextField({ label, hint, error, bare, small, mono, ...rest }: Common & { mono?: boolean; ref?: Ref<HTMLInputElement> } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Frame {...{ label, hint, error, bare, small }}>
      {(wired) => <input {...rest} {...wired} className={`control ${mono ? "font-mono" : ""}`} />}
    </Frame>
  );
}

export function SelectField({ label, hint, error, bare, small, children, ...rest }: Common & SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <Frame {...{ label, hint, error, bare, small }}>
      {(wired) => (
        <select {...rest} {...wired}>
          {children}
        </select>
      )}
    </Frame>
  );
}

export function AreaField({ label, hint, error, bare, small, mono, ...rest }: Common & { mono?: boolean } & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Frame {...{ label, hint, error, bare, small }}>
      {(wired) => <textarea {...rest} {...wired} className={`control ${mono ? "font-mono" : ""}`} />}
    </Frame>
  );
}
