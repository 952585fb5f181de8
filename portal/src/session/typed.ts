import type { FormEvent } from "react";

let email = "";

/** The address that was typed on one of these pages is there on the next: nobody types it twice. It is forgotten with the sign-in. */
export const typedEmail = () => ({
  defaultValue: email,
  onInput: ({ currentTarget }: FormEvent<HTMLInputElement>) => {
    email = currentTarget.value;
  },
});

export function forgetTyped(): void {
  email = "";
}
