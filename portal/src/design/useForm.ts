import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState, type FormEvent, type FormHTMLAttributes } from "react";
import { toError, type ApiError } from "~/api/problem";

interface Form {
  /** For the form element. */
  props: Pick<FormHTMLAttributes<HTMLFormElement>, "onSubmit" | "onInput" | "noValidate">;
  busy: boolean;
  /** The message that the server has for this field, until the field is changed. */
  errorOf: (...names: string[]) => string | undefined;
  /** The problem as a whole, when not every part of it found its field. */
  problem: ApiError | null;
  /** Forgets the messages of fields that changed by themselves. */
  touch: (...names: string[]) => void;
  /** Forgets the whole answer: what it spoke of may be gone, or stand elsewhere. */
  forget: () => void;
}

/**
 * A form whose rules live on the server: it sends what was typed and puts every field error of the answer beside its field.
 * `fields` are the names that the form can show; an error for any other stays at the top.
 */
export function useForm<T>(fields: readonly string[], send: (values: FormData) => Promise<T>, done: (result: T) => void): Form {
  const form = useRef<HTMLFormElement>(null);
  const [touched, setTouched] = useState<readonly string[]>([]);
  const mutation = useMutation({ mutationFn: send, onSuccess: done });
  const error = mutation.error ? toError(mutation.error) : null;
  const allPlaced = error !== null && error.fields.length > 0 && error.fields.every((each) => fields.includes(each.path));
  const touch = (...names: string[]) => {
    if (error) setTouched((before) => [...before, ...names]);
  };
  useEffect(() => {
    if (!mutation.error) return;
    const wrong = form.current?.querySelector<HTMLElement>("[aria-invalid=true]");
    if (wrong) wrong.focus();
    else form.current?.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" });
  }, [mutation.error]);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (mutation.isPending) return;
    form.current = event.currentTarget;
    setTouched([]);
    mutation.mutate(new FormData(event.currentTarget));
  };
  const onInput = (event: FormEvent<HTMLFormElement>) => {
    const { name } = event.target as HTMLInputElement;
    if (name) touch(name);
  };
  return {
    props: { onSubmit, onInput, noValidate: true },
    busy: mutation.isPending,
    errorOf: (...names) => error?.fields.find((each) => names.includes(each.path) && !touched.includes(each.path))?.message,
    problem: allPlaced ? null : error,
    touch,
    forget: mutation.reset,
  };
}

export const textOf = (values: FormData, name: string): string => {
  const value = values.get(name);
  return typeof value === "string" ? value.trim() : "";
};
