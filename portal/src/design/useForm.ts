import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, type FormEvent } from "react";
import { toError, type ApiError } from "~/api/problem";

interface Form {
  onSubmit: (event: FormEvent<HTMLFormElement>) => void;
  busy: boolean;
  /** The message that the server has for this field, if any. */
  errorOf: (...names: string[]) => string | undefined;
  /** The problem as a whole, when not every part of it found its field. */
  problem: ApiError | null;
}

/**
 * A form whose rules live on the server: it sends what was typed and puts every field error of the answer beside its field.
 * `fields` are the names that the form can show; an error for any other stays at the top.
 */
export function useForm<T>(fields: readonly string[], send: (values: FormData) => Promise<T>, done: (result: T) => void): Form {
  const form = useRef<HTMLFormElement>(null);
  const mutation = useMutation({ mutationFn: send, onSuccess: done });
  const error = mutation.error ? toError(mutation.error) : null;
  const errorOf = (...names: string[]) => error?.fields.find((each) => names.includes(each.path))?.message;
  const allPlaced = error !== null && error.fields.length > 0 && error.fields.every((each) => fields.includes(each.path));
  useEffect(() => {
    if (mutation.error) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [mutation.error]);
  return {
    onSubmit: (event) => {
      event.preventDefault();
      form.current = event.currentTarget;
      mutation.mutate(new FormData(event.currentTarget));
    },
    busy: mutation.isPending,
    errorOf,
    problem: allPlaced ? null : error,
  };
}

export const textOf = (values: FormData, name: string): string => {
  const value = values.get(name);
  return typeof value === "string" ? value.trim() : "";
};
